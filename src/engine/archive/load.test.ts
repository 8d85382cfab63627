import { expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import { mkdir, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { importImage } from '../build/import.ts'
import { findImage } from '../image/find-image.ts'
import { findTarget } from '../image/find-target.ts'
import { listImages } from '../image/images.ts'
import { checkStore } from '../store/check.ts'
import { addTestImage, addTestIndex, blobsOf, openTestEngine } from '../testing/fixture.ts'
import { load } from './load.ts'
import { save } from './save.ts'

test('load() restores the images that save() wrote, with IDs and names', async () => {
  await using one = await openTestEngine()
  await using two = await openTestEngine()
  const file = `${one.directory}/images.tar`
  const first = await addTestImage(one, { names: ['a:1', 'a:2'] })
  const second = await addTestImage(one, { names: ['b'], layers: [{ b: '2' }] })
  await save(one, ['a', 'b'], { file })
  const loaded = await load(two, { file })
  expect(loaded.map(({ imageId, names }) => ({ imageId, names: names.toSorted() }))).toEqual([
    { imageId: first.imageId, names: ['a:1', 'a:2'] },
    { imageId: second.imageId, names: ['b:latest'] },
  ])
})

test('load() moves a name and returns the previous image of the name', async () => {
  await using one = await openTestEngine()
  await using two = await openTestEngine()
  const file = `${one.directory}/images.tar`
  const { imageId } = await addTestImage(one, { names: ['app'] })
  const before = await addTestImage(two, { names: ['app'], layers: [{ old: 'x' }] })
  await save(one, ['app'], { file })
  const [loaded] = await load(two, { file })
  expect(loaded?.moved).toEqual([
    { name: 'docker.io/library/app:latest', previous: before.imageId },
  ])
  const rows = await listImages(two, { all: true })
  expect(rows.map(({ id, repository }) => [id, repository]).toSorted()).toEqual(
    [
      [imageId, 'app'],
      [before.imageId, '<none>'],
    ].toSorted(),
  )
})

test('load() of a damaged archive changes nothing', async () => {
  await using one = await openTestEngine()
  await using two = await openTestEngine()
  const file = `${one.directory}/images.tar`
  await addTestImage(one, { names: ['app'], layers: [{ big: 'x'.repeat(50_000) }] })
  await save(one, ['app'], { file })
  await truncate(file, 20_000)
  await expect(load(two, { file })).rejects.toThrow()
  expect(two.records.tags.list()).toEqual([])
  expect(await listImages(two, { all: true })).toEqual([])
})

test('load() refuses a file that is not an archive, and names the file', async () => {
  await using engine = await openTestEngine()
  const file = `${engine.directory}/text`
  await writeFile(file, 'this is no archive at all\n')
  await expect(load(engine, { file })).rejects.toThrow(file)
  await expect(load(engine, { file: engine.directory })).rejects.toThrow(engine.directory)
  await expect(load(engine, { file: '/nowhere.tar' })).rejects.toThrow('/nowhere.tar')
  expect(await blobsOf(engine)).toEqual([])
})

test('save() leaves no file behind when it fails, and names the place', async () => {
  await using engine = await openTestEngine()
  const { layers } = await addTestImage(engine, { names: ['app'] })
  const place = `${engine.directory}/nowhere/app.tar`
  await expect(save(engine, ['app'], { file: place })).rejects.toThrow(place)
  const [layer] = layers
  if (layer) await engine.content.delete(layer.descriptor)
  await expect(save(engine, ['app'], { file: `${engine.directory}/app.tar` })).rejects.toThrow()
  expect((await readdir(engine.directory)).filter((name) => name.startsWith('app'))).toEqual([])
})

test('save() refuses an image for another platform', async () => {
  await using engine = await openTestEngine()
  await addTestImage(engine, { names: ['app'] })
  const file = `${engine.directory}/app.tar`
  await save(engine, ['app'], { file, platforms: ['linux/amd64'] })
  await expect(save(engine, ['app'], { file, platforms: ['linux/arm64'] })).rejects.toThrow(
    'app:latest for linux/arm64: the store has it for linux/amd64',
  )
})

test('load() and importImage() read a named pipe', async () => {
  await using one = await openTestEngine()
  await using two = await openTestEngine()
  const { imageId } = await addTestImage(one, { names: ['app'] })
  const pipe = `${one.directory}/pipe`
  execFileSync('mkfifo', [pipe])
  const [loaded] = await Promise.all([
    load(two, { file: pipe }),
    save(one, ['app'], { file: pipe }),
  ])
  expect(loaded.map((image) => image.imageId)).toEqual([imageId])
  const [imported] = await Promise.all([
    importImage(two, pipe, { name: 'archive' }),
    save(one, ['app'], { file: pipe }),
  ])
  expect(findImage(two.records, 'archive')?.image.imageId).toBe(imported.imageId)
})

test('load() names an unknown compression', async () => {
  await using engine = await openTestEngine()
  const file = `${engine.directory}/images.tar.lzma`
  await writeFile(file, Buffer.concat([Buffer.from('5d0000800000ff', 'hex'), Buffer.alloc(2000)]))
  await expect(load(engine, { file })).rejects.toThrow('Cannot decompress lzma data')
})

test('save() writes all tags of a repository, and no name for an ID', async () => {
  await using one = await openTestEngine()
  await using two = await openTestEngine()
  const file = `${one.directory}/images.tar`
  const { imageId } = await addTestImage(one, { names: ['app:1', 'app:2', 'host.io:5000/t/app:1'] })
  await addTestImage(one, { names: ['app', 'apple:1', 'only:1'], layers: [{ b: '2' }] })
  const saved = async (...names: string[]): Promise<readonly string[]> => {
    await save(one, names, { file })
    const loaded = await load(two, { file })
    return loaded.flatMap((image) => (image.names.length === 0 ? ['none'] : image.names)).sort()
  }
  expect(await saved('app')).toEqual(['app:1', 'app:2', 'app:latest'])
  expect(await saved('only')).toEqual(['only:1'])
  expect(await saved('app:1')).toEqual(['app:1'])
  expect(await saved('host.io:5000/t/app')).toEqual(['host.io:5000/t/app:1'])
  for (const id of [imageId, imageId.slice(7), imageId.slice(7, 19)]) {
    expect(await saved(id)).toEqual(['none'])
  }
  expect(await saved('app:1', imageId, 'app')).toEqual(['app:1', 'app:2', 'app:latest'])
  await expect(save(one, ['apple'], { file: '/dev/null' })).resolves.toBeUndefined()
  await expect(save(one, ['absent'], { file })).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('load() restores an index that save() wrote, with attestations and absent platforms', async () => {
  for (const absent of [[], ['s390x']]) {
    await using one = await openTestEngine()
    await using two = await openTestEngine()
    const file = `${one.directory}/index.tar`
    const { descriptor, images } = await addTestIndex(one, { names: ['app:1', 'app:2'], absent })
    await save(one, ['app'], { file })
    const [loaded] = await load(two, { file })
    expect(loaded).toMatchObject({ imageId: descriptor.digest, moved: [] })
    expect(loaded?.names.toSorted()).toEqual(['app:1', 'app:2'])
    expect(await blobsOf(two)).toEqual(await blobsOf(one))
    const found = findTarget(two.records, 'app:1')
    expect(found?.images.map(({ imageId }) => imageId)).toEqual(images.map((each) => each.imageId))
  }
})

test('save() and load() take one platform of an index', async () => {
  await using one = await openTestEngine()
  const file = `${one.directory}/index.tar`
  const { images } = await addTestIndex(one, { names: ['app'] })
  const arm = images[1]?.imageId ?? ''
  const platforms = ['linux/arm64']
  for (const [saved, loaded] of [
    [{ platforms }, {}],
    [{}, { platforms }],
  ]) {
    await using two = await openTestEngine()
    await save(one, ['app'], { file, ...saved })
    expect(await load(two, { file, ...loaded })).toMatchObject([{ imageId: arm }])
    expect(two.records.indexes.list()).toEqual([])
    expect(two.records.images.list()).toHaveLength(1)
  }
  const other = save(one, ['app'], { file, platforms: ['linux/s390x'] })
  await expect(other).rejects.toThrow('the store has it for linux/amd64, linux/arm64')
})

test('save() and load() take several platforms of an index', async () => {
  await using one = await openTestEngine()
  const file = `${one.directory}/index.tar`
  const architectures = ['amd64', 'arm64', 's390x']
  const { descriptor } = await addTestIndex(one, { names: ['app'], architectures })
  const platforms = ['linux/s390x', 'linux/arm64']
  for (const [saved, loaded] of [
    [{ platforms }, {}],
    [{}, { platforms }],
    [{ platforms }, { platforms }],
  ]) {
    await using two = await openTestEngine()
    await save(one, ['app'], { file, ...saved })
    expect(await load(two, { file, ...loaded })).toMatchObject([{ imageId: descriptor.digest }])
    const found = findTarget(two.records, 'app')
    expect(found?.images.map(({ platform }) => platform.architecture)).toEqual(['arm64', 's390x'])
    expect(await Array.fromAsync(checkStore(two))).toEqual([])
  }
  const absent = save(one, ['app'], { file, platforms: ['linux/arm64', 'linux/riscv64'] })
  await expect(absent).rejects.toThrow('app:latest for linux/riscv64: the store has it for')
})

test('load() refuses an index without any of its images, and one with half of an image', async () => {
  await using one = await openTestEngine()
  await using two = await openTestEngine()
  const file = `${one.directory}/index.tar`
  const { images } = await addTestIndex(one, { names: ['app'] })
  await save(one, ['app'], { file })
  const path = (digest: string): string => `blobs/${digest.replace(':', '/')}`
  const [amd64, arm64] = images
  const shared = path(arm64?.layers[1]?.descriptor.digest ?? '')
  await pack(one.directory, file, [shared])
  await expect(load(two, { file })).rejects.toThrow(`${shared} is not in it`)
  const manifests = [amd64, arm64].map((image) => path(image?.descriptor.digest ?? ''))
  await pack(one.directory, file, ['manifest.json', ...manifests])
  await expect(load(two, { file })).rejects.toThrow('none of the images of its index')
  expect(two.records.tags.list()).toEqual([])
})

/** Packs an archive again without some of its members. */
async function pack(directory: string, file: string, without: readonly string[]): Promise<void> {
  const unpacked = `${directory}/unpacked`
  await mkdir(unpacked, { recursive: true })
  execFileSync('tar', ['-C', unpacked, '-xf', file])
  for (const path of without) await rm(`${unpacked}/${path}`)
  execFileSync('tar', ['-C', unpacked, '-cf', file, '.'])
  await rm(unpacked, { recursive: true })
}
