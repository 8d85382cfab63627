import { expect, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtempDisposable } from '#platform'
import { openEngine } from './engine.ts'
import { resetStore } from './reset.ts'

test('openEngine() makes no store among files of others, and ends one that was begun', async () => {
  await using directory = await mkdtempDisposable('/dev/shm', 'strake-reset-')
  const root = `${directory.path}/root`
  mkdirSync(`${root}/ingest`, { recursive: true })
  writeFileSync(`${root}/index.json.1-2-3.tmp`, '')
  writeFileSync(`${root}/thesis.txt`, 'precious')
  const options = { root, run: `${directory.path}/run` }
  await expect(openEngine(options)).rejects.toMatchObject({
    code: 'CONFLICT',
    message: `Cannot make a store in ${root}: "thesis.txt" is there`,
  })
  expect(readdirSync(root).sort()).toEqual(['index.json.1-2-3.tmp', 'ingest', 'thesis.txt'])
  rmSync(`${root}/thesis.txt`)
  await using engine = await openEngine(options)
  expect(existsSync(`${engine.root}/oci-layout`)).toBe(true)
})

for (const place of ['root', 'run'] as const) {
  test(`resetStore() removes nothing when files of others are in the ${place} directory`, async () => {
    await using directory = await mkdtempDisposable('/dev/shm', 'strake-reset-')
    const options = { root: `${directory.path}/root`, run: `${directory.path}/run` }
    const thesis = `${options[place]}/thesis.txt`
    {
      await using engine = await openEngine(options)
      mkdirSync(engine.run, { recursive: true })
      writeFileSync(thesis, 'precious')
      await expect(resetStore(engine)).rejects.toMatchObject({
        code: 'CONFLICT',
        message: `Cannot remove ${options[place]}: "thesis.txt" is not strake's`,
      })
      expect(existsSync(`${engine.root}/oci-layout`)).toBe(true)
    }
    rmSync(thesis)
    await resetStore(await openEngine(options))
    expect(readdirSync(directory.path)).toEqual([])
  })
}
