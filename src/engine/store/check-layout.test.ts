import { expect, test } from 'bun:test'
import { mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { removeImage } from '../collect/remove.ts'
import { tagImage } from '../image/tag.ts'
import { openEngine } from '../open.ts'
import { addTestImage, openTestEngine } from '../testing/fixture.ts'
import { checkStore } from './check.ts'
import { cleanUp } from './cleanup.ts'

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
    test(`${file} that is ${kind} blocks no command, and a check finds and repairs it`, async () => {
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
  test(`the next tag writes index.json again if it is ${kind}`, async () => {
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

for (const change of ['given', 'moved', 'removed']) {
  test(`index.json without a name that was ${change} last is not damaged, and is written again`, async () => {
    await using engine = await openTestEngine()
    await addTestImage(engine, { names: ['app'] })
    await addTestImage(engine, { names: ['other'], layers: [{ file: 'b' }] })
    const path = `${engine.root}/index.json`
    const earlier = readFileSync(path)
    if (change === 'given') await tagImage(engine, 'app', 'new')
    else if (change === 'moved') await tagImage(engine, 'app', 'other')
    else await removeImage(engine, 'other')
    const good = readFileSync(path)
    expect(good.equals(earlier)).toBe(false)
    const leave = () => writeFileSync(path, earlier)
    leave()
    const found = await Array.fromAsync(checkStore(engine))
    expect(found).toMatchObject([{ subject: 'index.json', state: 'leftover' }])
    const healed = await Array.fromAsync(checkStore(engine, { repair: true }))
    expect(healed).toMatchObject([{ subject: 'index.json', state: 'healed' }])
    expect(readFileSync(path).equals(good)).toBe(true)
    leave()
    await cleanUp(engine)
    expect(readFileSync(path).equals(good)).toBe(true)
    leave()
    await tagImage(engine, 'app', 'app')
    expect(readFileSync(path).equals(good)).toBe(true)
    // The file lists a target that no name ever had, so it is damaged, not behind.
    writeFileSync(path, earlier.toString().replace('/app:', '/apq:'))
    const wrong = await Array.fromAsync(checkStore(engine))
    expect(wrong).toMatchObject([{ subject: 'index.json', state: 'damaged' }])
  })
}

test('commands that only read do not restore a lost oci-layout', async () => {
  await using engine = await openTestEngine()
  const { root, run } = engine
  rmSync(`${root}/oci-layout`)
  await using _other = await openEngine({ env: {}, root, run })
  expect(() => readFileSync(`${root}/oci-layout`)).toThrow('ENOENT')
})
