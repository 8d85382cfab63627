import { expect, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { mkdtempDisposable } from '#platform'
import { openEngine } from '../open.ts'
import { resetStore } from './reset.ts'

test('openEngine() makes no store among foreign files, and completes an unfinished store', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-reset-')
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

test('openEngine() opens a store that another process is making', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-reset-')
  const root = `${directory.path}/root`
  for (const name of ['ingest', 'trash', 'blobs/sha256']) {
    mkdirSync(`${root}/${name}`, { recursive: true })
  }
  writeFileSync(`${root}/.5289-2-1y1jg5ngh18ji.tmp`, '')
  await using engine = await openEngine({ root, run: `${directory.path}/run` })
  expect(existsSync(`${engine.root}/oci-layout`)).toBe(true)
})

test('resetStore() removes files that only some machines have', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-reset-')
  // The run directory of a user without a runtime directory is in the store.
  const options = { root: `${directory.path}/root`, run: `${directory.path}/root/run` }
  const engine = await openEngine(options)
  for (const path of [`${engine.root}/seccomp`, `${engine.run}/place-1-2-3`]) {
    mkdirSync(path, { recursive: true })
  }
  writeFileSync(`${engine.run}/.1-2-3.tmp`, '')
  await resetStore(engine)
  expect(readdirSync(directory.path)).toEqual([])
})

for (const place of ['root', 'run'] as const) {
  test(`resetStore() removes nothing if the ${place} directory holds foreign files`, async () => {
    await using directory = await mkdtempDisposable(tmpdir(), 'strake-reset-')
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
