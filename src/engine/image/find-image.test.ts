import { expect, test } from 'bun:test'
import { digestName, parseReference } from '#oci'
import { addTestImage, openTestEngine } from '../testing/fixture.ts'
import { findImage, getImage, repositoryOf, suitsPlatform } from './find-image.ts'

test('findImage() finds images by name, ID, prefix of an ID, and digest', async () => {
  await using engine = await openTestEngine()
  const { imageId, descriptor } = await addTestImage(engine, { names: ['app:1'] })
  const hex = imageId.slice('sha256:'.length)
  for (const text of [imageId, hex, hex.slice(0, 12), hex.slice(0, 4), descriptor.digest]) {
    expect(findImage(engine.records, text)).toMatchObject({ image: { imageId } })
    expect(findImage(engine.records, text)?.name).toBeUndefined()
  }
  expect(findImage(engine.records, 'app:1')?.name).toBe('docker.io/library/app:1')
  expect(findImage(engine.records, 'docker.io/library/app:1')).toBeDefined()
  expect(findImage(engine.records, 'app')).toBeUndefined()
})

test('findImage() prefers a name to a prefix of an ID', async () => {
  await using engine = await openTestEngine()
  const first = await addTestImage(engine, { names: ['one'] })
  const prefix = first.imageId.slice(7, 11)
  const named = await addTestImage(engine, { names: [prefix], layers: [{ other: 'x' }] })
  expect(getImage(engine.records, prefix).image.imageId).toBe(named.imageId)
})

test('getImage() names a remedy for an absent image', async () => {
  await using engine = await openTestEngine()
  for (const text of ['absent', 'UPPER', 'ffff', 'a b']) {
    expect(() => getImage(engine.records, text)).toThrow(
      `Cannot find image ${text}: No such image: ${text}`,
    )
  }
})

test('findImage() refuses to choose between images', async () => {
  await using engine = await openTestEngine()
  const firsts = new Map<string, number>()
  for (let index = 0; index < 17; index++) {
    const { imageId } = await addTestImage(engine, { layers: [{ file: String(index) }] })
    const first = imageId.slice(7, 8)
    firsts.set(first, (firsts.get(first) ?? 0) + 1)
  }
  const [shared = ''] = [...firsts].find(([, count]) => count > 1) ?? []
  expect(() => findImage(engine.records, shared)).toThrow(`Cannot choose image ${shared}`)
})

test('suitsPlatform() compares the parts of a platform, not its text', async () => {
  await using engine = await openTestEngine()
  await addTestImage(engine, { names: ['app'] })
  const found = getImage(engine.records, 'app')
  expect(suitsPlatform(found, undefined)).toBe(true)
  expect(suitsPlatform(found, { os: 'linux', architecture: 'x86_64' })).toBe(true)
  expect(suitsPlatform(found, { os: 'linux', architecture: 'arm64' })).toBe(false)
  expect(suitsPlatform(found, { os: 'windows', architecture: 'amd64' })).toBe(false)
})

test('repositoryOf() removes tag and digest, but not a port', () => {
  expect(repositoryOf('localhost:5000/a/b:1')).toBe('localhost:5000/a/b')
  expect(repositoryOf('localhost:5000/a')).toBe('localhost:5000/a')
  const digest = `sha256:${'a'.repeat(64)}` as const
  expect(repositoryOf(digestName(parseReference('app:1'), digest))).toBe('docker.io/library/app')
})
