import { expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import { mediaType, parseConfig } from '#oci'
import { toBuffer } from '#stream'
import { createImage } from './create.ts'
import { historyOf } from './history.ts'
import { imageOf, putLayer } from './testing/fixture.ts'

test('createImage() stores documents whose bytes depend only on the parts', async () => {
  const parts = [{ 'etc/motd': 'hi' }]
  const [one, two] = await Promise.all([imageOf(parts), imageOf(parts)])
  expect(one.image.descriptor).toEqual(two.image.descriptor)
  const raw = await toBuffer(one.store.read(one.image.manifest.config), 1 << 20)
  expect(parseConfig(raw)).toEqual(one.image.config)
})

test('createImage() replaces the media types of Docker layers by those of OCI', async () => {
  const { store, image } = await imageOf([])
  const zipped = await putLayer(
    store,
    { a: '1' },
    { type: mediaType.dockerLayerGzip, change: gzipSync },
  )
  const plain = await putLayer(store, { b: '2' })
  const layers = [
    zipped,
    { ...plain, descriptor: { ...plain.descriptor, mediaType: mediaType.dockerLayer } },
  ]
  const created = await createImage(store, { config: image.config, layers })
  expect(created.manifest.layers.map((layer) => layer.mediaType)).toEqual([
    mediaType.ociLayerGzip,
    mediaType.ociLayer,
  ])
  expect(created.manifest.layers.map(({ digest }) => digest)).toEqual(
    layers.map(({ descriptor }) => descriptor.digest),
  )
})

test('historyOf() lists the steps, last first, with their layers', async () => {
  const { image } = await imageOf([{ a: '1' }, { b: '2' }], {
    history: [
      { created_by: 'ADD a' },
      { created_by: 'ENV X=1', empty_layer: true, comment: 'note' },
      { created: '2024-05-06T07:08:09Z', created_by: 'ADD b' },
    ],
  })
  const [bottom, top] = image.layers
  if (bottom === undefined || top === undefined) throw new TypeError('two layers')
  expect(historyOf(image)).toEqual([
    {
      imageId: image.imageId,
      layer: top,
      created: '2024-05-06T07:08:09Z',
      createdBy: 'ADD b',
      comment: '',
    },
    { createdBy: 'ENV X=1', comment: 'note' },
    { layer: bottom, createdBy: 'ADD a', comment: '' },
  ])
})

test('historyOf() returns one step for each layer without a history', async () => {
  const { image } = await imageOf([{ a: '1' }, { b: '2' }])
  expect(historyOf(image).map(({ layer }) => layer)).toEqual([...image.layers].reverse())
})
