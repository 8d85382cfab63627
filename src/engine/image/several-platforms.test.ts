import { expect, test } from 'bun:test'
import { readFileSync, rmSync } from 'node:fs'
import { parsePlatform, sha256 } from '#oci'
import { collectGarbage } from '../collect/collect-garbage.ts'
import { removeImage } from '../collect/remove.ts'
import { create } from '../container/run.ts'
import type { Engine } from '../engine.ts'
import { inspect } from '../inspect.ts'
import { openEngine } from '../open.ts'
import { checkStore } from '../store/check.ts'
import { pruneImages } from '../store/prune-images.ts'
import {
  addTestImage,
  addTestIndex,
  blobsOf,
  cannotContain,
  openTestEngine,
} from '../testing/fixture.ts'
import { usageDetails } from '../usage/usage-details.ts'
import { findImage, getImage, suitsPlatform } from './find-image.ts'
import { imageHistory } from './history.ts'
import { holdTarget } from './hold-image.ts'
import { listImages } from './images.ts'
import { pull } from './pull.ts'
import { rollbackTag, tagImage, tagLog } from './tag.ts'

const arm64 = parsePlatform('linux/arm64')

test('findImage() takes the image of an index for a platform, by default this machine', async () => {
  await using engine = await openTestEngine()
  const { images, descriptor } = await addTestIndex(engine, {
    names: ['app'],
    architectures: ['s390x', 'amd64', 'arm64'],
  })
  const [, own, arm] = images
  const { records } = engine
  for (const text of ['app', descriptor.digest, descriptor.digest.slice(7, 19)]) {
    expect(getImage(records, text).image.digest).toBe(own?.descriptor.digest ?? sha256(''))
    expect(getImage(records, text, arm64).image.digest).toBe(arm?.descriptor.digest ?? sha256(''))
  }
  expect(suitsPlatform(getImage(records, 'app'), undefined)).toBe(true)
  const riscv = parsePlatform('linux/riscv64')
  expect(suitsPlatform(getImage(records, 'app', riscv), riscv)).toBe(false)
  expect(findImage(records, arm?.imageId ?? '')?.index).toBeUndefined()
})

test('an index is one row, whose images need no names', async () => {
  await using engine = await openTestEngine()
  const { images, descriptor } = await addTestIndex(engine, { names: ['app:1'] })
  const all = await listImages(engine, { all: true })
  expect(all).toMatchObject([{ id: descriptor.digest, repository: 'app', tag: '1' }])
  const sizes = images.map(({ imageId }) => getImage(engine.records, imageId).image.totalSize)
  expect(all[0]?.size).toBe(sizes.reduce((sum, size) => sum + size, 0))
  const dangling = await listImages(engine, { filters: { dangling: [true] } })
  expect(dangling).toEqual([])
  const [usage] = (await usageDetails(engine)).images
  expect(usage).toMatchObject({ shared: 0, containers: 0 })
  expect(usage?.unique).toBeGreaterThan(0)
})

test('removeImage() keeps an index and its images until the last name is removed', async () => {
  await using engine = await openTestEngine()
  const { images, descriptor } = await addTestIndex(engine, { names: ['app:1'] })
  await tagImage(engine, 'app:1', 'app:2')
  const blobs = await blobsOf(engine)
  expect(await removeImage(engine, 'app:1')).toEqual({ untagged: ['app:1'], deleted: [] })
  await collectGarbage(engine)
  expect(await blobsOf(engine)).toEqual(blobs)
  const [first] = images
  const removal = removeImage(engine, first?.imageId ?? '', { force: true })
  await expect(removal).rejects.toThrow('it is one platform of app:2')
  const { deleted } = await removeImage(engine, 'app:2')
  const ids = [descriptor.digest, ...images.map(({ imageId }) => imageId)]
  expect(deleted.slice(0, 3)).toEqual(ids)
  expect(engine.records.images.list()).toEqual([])
  expect(await blobsOf(engine)).toEqual([])
})

test('removeImage() of an index keeps an image that another index or a name needs', async () => {
  await using engine = await openTestEngine()
  const one = await addTestIndex(engine, { names: ['one'] })
  const two = await addTestIndex(engine, { names: ['two'], architectures: ['amd64', 's390x'] })
  const arm = one.images[1]
  await tagImage(engine, arm?.imageId ?? '', 'arm')
  await removeImage(engine, 'one')
  const left = engine.records.images.list().map(({ digest }) => digest)
  const expected = [...two.images, ...(arm === undefined ? [] : [arm])]
  expect(left.toSorted()).toEqual(expected.map((image) => image.descriptor.digest).toSorted())
  await removeImage(engine, 'two')
  await removeImage(engine, 'arm')
  expect(await blobsOf(engine)).toEqual([])
})

test.skipIf(cannotContain !== undefined)(
  'an index stays for a container of one of its images',
  async () => {
    await using engine = await openTestEngine()
    const { images } = await addTestIndex(engine, { names: ['app'] })
    const { id } = await create(engine, { image: 'app', command: ['true'], name: 'user' })
    await expect(removeImage(engine, 'app')).rejects.toThrow('container user uses it')
    await removeImage(engine, 'app', { force: true })
    expect((await pruneImages(engine, { all: true })).images).toEqual([])
    expect(engine.records.images.list()).toHaveLength(images.length)
    engine.records.containers.remove(id)
    expect((await pruneImages(engine)).images).toHaveLength(1 + images.length)
    expect(await blobsOf(engine)).toEqual([])
  },
)

test.skipIf(cannotContain !== undefined)(
  'run names the platforms of an index that has none for this machine, and pulls nothing',
  async () => {
    const fetch = async (): Promise<Response> => {
      throw new TypeError('a registry was asked')
    }
    await using engine = await openTestEngine({ fetch })
    await addTestIndex(engine, { names: ['app'], architectures: ['s390x', 'riscv64'] })
    await expect(create(engine, { image: 'app', command: ['true'] })).rejects.toMatchObject({
      message:
        'Cannot use image app on linux/amd64: the store has it for linux/s390x, linux/riscv64',
      remedy: 'run another platform with --platform, or strake pull --platform linux/amd64 app',
    })
    const other = { image: 'app', command: ['true'], platform: 'linux/s390x' }
    expect((await create(engine, other)).id).toHaveLength(64)
  },
)

test('a name moves between an image and an index, and back', async () => {
  await using engine = await openTestEngine()
  const { imageId } = await addTestImage(engine, { names: ['app'] })
  const { descriptor } = await addTestIndex(engine, { names: ['app'] })
  const ids = (await tagLog(engine, 'app')).map((entry) => entry.imageId)
  expect(ids).toEqual([descriptor.digest, imageId])
  expect((await rollbackTag(engine, 'app')).imageId).toBe(imageId)
  expect((await rollbackTag(engine, 'app')).imageId).toBe(descriptor.digest)
})

test('pruneImages() takes an index without a name with its images, and no part of a named one', async () => {
  await using engine = await openTestEngine()
  const named = await addTestIndex(engine, { names: ['app'] })
  const blobs = await blobsOf(engine)
  const { descriptor } = await addTestIndex(engine, { architectures: ['amd64', 'riscv64'] })
  const { images } = await pruneImages(engine)
  // amd64 is in both.
  expect(images).toHaveLength(2)
  expect(images[0]).toBe(descriptor.digest)
  expect(await blobsOf(engine)).toEqual(blobs)
  const label = { key: 'keep', value: undefined }
  expect((await pruneImages(engine, { all: true, filter: { labels: [label] } })).images).toEqual([])
  const pruned = await pruneImages(engine, { all: true })
  expect(pruned.images).toHaveLength(1 + named.images.length)
  expect(pruned.untagged).toEqual(['app:latest'])
  expect(await blobsOf(engine)).toEqual([])
})

test('removeImage() of an index with absent platforms removes the present ones', async () => {
  await using engine = await openTestEngine()
  await addTestIndex(engine, { names: ['app'], absent: ['s390x'] })
  expect(
    (await Array.fromAsync(checkStore(engine))).filter(({ state }) => state === 'damaged'),
  ).toEqual([])
  await removeImage(engine, 'app')
  expect(await blobsOf(engine)).toEqual([])
})

test('checkStore() finds an image of an index that went missing', async () => {
  await using engine = await openTestEngine()
  const { images } = await addTestIndex(engine, { names: ['app'] })
  const { digest } = images[1]?.descriptor ?? { digest: sha256('') }
  rmSync(engine.content.pathOf(digest))
  const found = await Array.fromAsync(checkStore(engine))
  expect(found).toMatchObject([{ problem: 'it is missing', state: 'damaged' }])
  expect(found[0]?.subject).toContain(digest)
})

test('holdTarget() holds every platform and attestation against a removal and a collection', async () => {
  await using engine = await openTestEngine()
  await addTestIndex(engine, { names: ['app'] })
  const blobs = await blobsOf(engine)
  {
    await using lease = await engine.records.leases.acquire({ purpose: 'test', isExact: true })
    const { found, parts } = await holdTarget(engine, 'app', lease)
    expect(found.isIndex).toBe(true)
    expect(parts.map(({ digest }): string => digest).toSorted()).toEqual([...blobs])
    await removeImage(engine, 'app')
    await collectGarbage(engine)
    expect(await blobsOf(engine)).toEqual(blobs)
  }
  await collectGarbage(engine)
  expect(await blobsOf(engine)).toEqual([])
})

test('holdTarget() starts again when the index is removed while it is read', async () => {
  await using engine = await openTestEngine()
  await addTestIndex(engine, { names: ['app'] })
  await using lease = await engine.records.leases.acquire({ purpose: 'test', isExact: true })
  let isRemoved = false
  const openImage: Engine['openImage'] = async (image) => {
    if (!isRemoved) {
      isRemoved = true
      await removeImage(engine, 'app')
    }
    return await engine.openImage(image)
  }
  await expect(holdTarget({ ...engine, openImage }, 'app', lease)).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
})

test('index.json lists an index by name, and an empty database learns it from there', async () => {
  await using before = await openTestEngine()
  const { descriptor, images } = await addTestIndex(before, { names: ['app'] })
  const { manifests } = JSON.parse(readFileSync(`${before.root}/index.json`, 'utf8'))
  expect(manifests).toEqual([
    {
      ...descriptor,
      annotations: { 'org.opencontainers.image.ref.name': 'docker.io/library/app:latest' },
    },
  ])
  const blobs = await blobsOf(before)
  before.records.close()
  for (const suffix of ['', '-wal', '-shm'])
    rmSync(`${before.root}/strake.db${suffix}`, { force: true })
  await using engine = await openEngine({ env: {}, root: before.root, run: before.run })
  const { records } = engine
  expect(records.indexes.get(descriptor.digest)?.images).toEqual(
    images.map((image) => image.descriptor.digest),
  )
  await Array.fromAsync(checkStore(engine, { repair: true }))
  await pruneImages(engine)
  // Records that only the repair needed are removed. The attestation, which is not an image, stays.
  expect(await blobsOf(engine)).toEqual(blobs)
})

test('a repair records an index whose row is damaged again', async () => {
  await using engine = await openTestEngine()
  const { descriptor } = await addTestIndex(engine, { names: ['app'] })
  const { records } = engine
  records.indexes.put(descriptor, ['sha256:zz' as never])
  expect(() => records.indexes.get(descriptor.digest)).toThrow('damaged')
  await Array.fromAsync(checkStore(engine, { repair: true }))
  expect(records.indexes.get(descriptor.digest)?.images).toHaveLength(2)
})

test('inspect() describes the image for this machine and lists the manifests', async () => {
  await using engine = await openTestEngine()
  const { descriptor, images } = await addTestIndex(engine, { names: ['app'], absent: ['s390x'] })
  const found = await inspect(engine, 'app')
  if (found.kind !== 'image') throw new TypeError('an image')
  const { image, index, names } = found.image
  expect(image.imageId).toBe(images[0]?.imageId ?? sha256(''))
  expect(index?.descriptor).toEqual(descriptor)
  expect(index?.manifests.map(({ isPresent }) => isPresent)).toEqual([true, true, false, true])
  expect(names.map(({ tag }) => tag)).toEqual(['latest'])
})

test('inspect() and imageHistory() describe one platform of an index', async () => {
  await using engine = await openTestEngine()
  const { images } = await addTestIndex(engine, { names: ['app'] })
  const arm = images[1]
  const found = await inspect(engine, 'app', { platform: 'linux/arm64' })
  if (found.kind !== 'image') throw new TypeError('an image')
  expect(found.image.image.imageId).toBe(arm?.imageId ?? sha256(''))
  expect(found.image.index).toBeUndefined()
  expect(found.image.names.map(({ repository }) => repository)).toEqual(['library/app'])
  const [newest] = await imageHistory(engine, 'app', { platform: 'linux/arm64' })
  expect(newest?.imageId).toBe(arm?.imageId ?? sha256(''))
  const platform = 'linux/s390x'
  await expect(inspect(engine, 'app', { platform })).rejects.toThrow(
    'Cannot inspect app for linux/s390x: the store has it for linux/amd64, linux/arm64',
  )
  await expect(imageHistory(engine, 'app', { platform })).rejects.toThrow('for linux/s390x')
  await expect(inspect(engine, 'none', { platform })).rejects.toThrow('No such image')
})

test('pull() for an ID of an index asks no registry', async () => {
  await using engine = await openTestEngine()
  const { descriptor } = await addTestIndex(engine)
  await expect(pull(engine, descriptor.digest)).rejects.toThrow(
    'a registry cannot find an image by its ID',
  )
})

test.skipIf(cannotContain !== undefined)(
  'pruneImages() takes the names of an image that an index in use needs, not the image',
  async () => {
    await using engine = await openTestEngine()
    const { images } = await addTestIndex(engine, { names: ['app'] })
    const { digest, mediaType, size } = images[1]?.descriptor ?? images[0]?.descriptor ?? never()
    const { records } = engine
    const byDigest = `docker.io/library/arm@${digest}`
    records.tags.set(byDigest, { digest, mediaType, size }, 'test')
    await create(engine, { image: 'app', command: ['true'] })
    await pruneImages(engine)
    expect(records.tags.get(byDigest)).toBeDefined()
    await tagImage(engine, digest, 'arm')
    const { untagged, images: gone } = await pruneImages(engine, { all: true })
    expect(untagged.toSorted()).toEqual(['arm:latest', `arm@${digest}`])
    expect(gone).toEqual([])
    expect(records.images.get(digest)).toBeDefined()
  },
)

function never(): never {
  throw new TypeError('an index has images')
}
