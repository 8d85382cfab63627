import { describe, expect, test } from 'bun:test'
import { type Descriptor, mediaType, sha256 } from '#oci'
import { fromBuffer } from '#stream'
import { removeContainer } from '../container/container.ts'
import { create } from '../container/run.ts'
import { listImages } from '../image/images.ts'
import { addTestImage, blobsOf, cannotContain, openTestEngine } from '../testing/fixture.ts'
import { removeImage } from './remove.ts'

test('removeImage() removes names one by one, and the content with the last name', async () => {
  await using engine = await openTestEngine()
  const { imageId } = await addTestImage(engine, { names: ['a:1', 'b:1'] })
  expect(await removeImage(engine, 'a:1')).toEqual({ untagged: ['a:1'], deleted: [] })
  expect(await blobsOf(engine)).toHaveLength(3)
  const { untagged, deleted } = await removeImage(engine, 'b:1')
  expect(untagged).toEqual(['b:1'])
  expect(deleted[0]).toBe(imageId)
  expect(await blobsOf(engine)).toEqual([])
})

test('removeImage() keeps layers of another image', async () => {
  await using engine = await openTestEngine()
  const shared = { base: 'shared' }
  await addTestImage(engine, { names: ['one'], layers: [shared, { a: '1' }] })
  const two = await addTestImage(engine, { names: ['two'], layers: [shared, { b: '2' }] })
  await removeImage(engine, 'one')
  const kept = [two.descriptor, two.manifest.config, ...two.layers.map((l) => l.descriptor)]
  expect(await blobsOf(engine)).toEqual(kept.map(({ digest }) => digest).sort())
})

test('removeImage() by ID refuses an image with several names unless forced', async () => {
  await using engine = await openTestEngine()
  const { imageId } = await addTestImage(engine, { names: ['a:1', 'b:1'] })
  const prefix = imageId.slice(7, 19)
  await expect(removeImage(engine, prefix)).rejects.toThrow('it has 2 names (a:1, b:1)')
  expect((await removeImage(engine, prefix, { force: true })).untagged).toEqual(['a:1', 'b:1'])
  expect(await listImages(engine, { all: true })).toEqual([])
})

test('removeImage() keeps content that a lease holds', async () => {
  await using engine = await openTestEngine()
  const { layers } = await addTestImage(engine, { names: ['app'] })
  const [layer] = layers
  {
    await using lease = await engine.records.leases.acquire({ purpose: 'test' })
    if (layer) await lease.hold(layer.descriptor.digest)
    await removeImage(engine, 'app')
    expect(await blobsOf(engine)).toContain(layer?.descriptor.digest ?? '')
  }
})

test('removeImage() removes only content of the image, with compressed forms of its layers', async () => {
  await using engine = await openTestEngine()
  const { layers } = await addTestImage(engine, { names: ['app'] })
  const own = await blobsOf(engine)
  await addTestImage(engine, { names: ['other'], layers: [{ other: 'layer' }] })
  const others = await blobsOf(engine)
  const write = async (text: string): Promise<Descriptor> => {
    const bytes = new TextEncoder().encode(text)
    const descriptor = {
      mediaType: mediaType.ociLayerGzip,
      digest: sha256(bytes),
      size: bytes.length,
    }
    await engine.content.write(descriptor, fromBuffer(bytes))
    return descriptor
  }
  const stranger = await write('of no image')
  const compressed = await write('another form of the layer')
  for (const { diffId } of layers) await engine.records.layers.link(diffId, compressed, 512)
  await removeImage(engine, 'app')
  const left = others.filter((digest) => !own.includes(digest))
  expect(await blobsOf(engine)).toEqual([...left, stranger.digest].sort())
  expect(layers.flatMap(({ diffId }) => engine.records.layers.compressedOf(diffId))).toEqual([])
  await removeImage(engine, 'other')
  expect(await blobsOf(engine)).toEqual([])
})

test('removeImage() of an unreadable image collects in the whole store', async () => {
  await using engine = await openTestEngine()
  const image = await addTestImage(engine, { names: ['app'] })
  await engine.content.delete(image.manifest.config)
  const { deleted } = await removeImage(engine, 'app')
  expect(deleted).toEqual([image.imageId])
  expect(await blobsOf(engine)).toEqual([])
})

test('removeImage() names an absent image', async () => {
  await using engine = await openTestEngine()
  await expect(removeImage(engine, 'absent')).rejects.toMatchObject({
    code: 'NOT_FOUND',
    remedy: 'see strake images --all',
  })
})

describe.skipIf(cannotContain !== undefined)('with containers', () => {
  test('removeImage() refuses while a container uses the image', async () => {
    await using engine = await openTestEngine()
    await addTestImage(engine, { names: ['app'], config: { Cmd: ['x'] } })
    const { id } = await create(engine, { image: 'app', name: 'user', network: 'none' })
    await expect(removeImage(engine, 'app')).rejects.toThrow('the stopped container user uses it')
    expect(await removeImage(engine, 'app', { force: true })).toEqual({
      untagged: ['app:latest'],
      deleted: [],
    })
    expect(await blobsOf(engine)).toHaveLength(3)
    await removeContainer(engine, id)
    expect((await removeImage(engine, (await blobsOf(engine))[0] ?? '')).deleted).not.toEqual([])
  })
})
