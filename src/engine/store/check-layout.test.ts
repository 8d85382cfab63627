import { expect, test } from 'bun:test'
import { mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { openEngine } from '../open.ts'
import { addTestImage, openTestEngine } from '../testing/fixture.ts'
import { checkStore } from './check.ts'

const damages: Readonly<Record<string, (path: string) => void>> = {
  gone: (path) => rmSync(path),
  emptied: (path) => truncateSync(path, 0),
  'one bit': (path) => {
    const bytes = readFileSync(path)
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
    writeFileSync(path, bytes)
  },
  'a link': (path) => {
    const copy = `${path}.other`
    writeFileSync(copy, readFileSync(path))
    rmSync(path)
    symlinkSync(copy, path)
  },
  'a directory': (path) => {
    rmSync(path)
    mkdirSync(path)
  },
  'a pipe': (path) => {
    rmSync(path)
    Bun.spawnSync(['mkfifo', path])
  },
}

for (const file of ['oci-layout', 'index.json']) {
  for (const [kind, damage] of Object.entries(damages)) {
    test(`${file} that is ${kind} stops nobody from working, is found and made again`, async () => {
      await using engine = await openTestEngine()
      await addTestImage(engine, { names: ['app'] })
      const { root, run } = engine
      const path = `${root}/${file}`
      const good = readFileSync(path)
      damage(path)
      await using other = await openEngine({ env: {}, root, run })
      expect(other.records.tags.list()).toHaveLength(1)
      const found = await Array.fromAsync(checkStore(other))
      expect(found).toMatchObject([{ subject: file, state: 'damaged' }])
      const healed = await Array.fromAsync(checkStore(other, { repair: true }))
      expect(healed[0]).toMatchObject({ subject: file, state: 'healed' })
      expect(readFileSync(path).equals(good)).toBe(true)
      const left = await Array.fromAsync(checkStore(other))
      expect(left.filter(({ state }) => state !== 'leftover')).toEqual([])
    })
  }
}

for (const [kind, damage] of Object.entries(damages)) {
  test(`index.json that is ${kind} is made again by the next name`, async () => {
    await using engine = await openTestEngine()
    await addTestImage(engine, { names: ['app'] })
    damage(`${engine.root}/index.json`)
    await addTestImage(engine, { names: ['other'] })
    const text = readFileSync(`${engine.root}/index.json`, 'utf8')
    expect(text).toContain('docker.io/library/app:latest')
    expect(text).toContain('docker.io/library/other:latest')
    expect(await Array.fromAsync(checkStore(engine))).toEqual([])
  })
}

test('a store that lost its oci-layout is made whole by nobody who only looks', async () => {
  await using engine = await openTestEngine()
  const { root, run } = engine
  rmSync(`${root}/oci-layout`)
  await using _other = await openEngine({ env: {}, root, run })
  expect(() => readFileSync(`${root}/oci-layout`)).toThrow('ENOENT')
})
