import { expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import { mediaType, parseConfig, sha256 } from '#oci'
import { toBuffer } from '#stream'
import { createImage } from './create.ts'
import { imageOf, putLayer } from './fixture.ts'
import { historyOf } from './history.ts'
import { inspectImage } from './inspect.ts'

test('createImage() stores documents whose bytes depend on the parts alone', async () => {
  const parts = [{ 'etc/motd': 'hi' }]
  const [one, two] = await Promise.all([imageOf(parts), imageOf(parts)])
  expect(one.image.descriptor).toEqual(two.image.descriptor)
  const raw = await toBuffer(one.store.read(one.image.manifest.config), 1 << 20)
  expect(parseConfig(raw)).toEqual(one.image.config)
})

test('createImage() gives layers of Docker the names OCI has for them', async () => {
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

test('historyOf() lists steps last first, with the layers they made', async () => {
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

test('historyOf() gives layers without a history a step each', async () => {
  const { image } = await imageOf([{ a: '1' }, { b: '2' }])
  expect(historyOf(image).map(({ layer }) => layer)).toEqual([...image.layers].reverse())
})

test('inspectImage() has the members Docker has', async () => {
  const run = { Cmd: ['sh'], Env: ['A=b'] }
  const { image } = await imageOf([{ a: '1' }], { config: run, variant: 'v2', author: 'me' })
  const digest = sha256('pulled')
  const repository = { registry: 'docker.io', repository: 'library/app' }
  const names = [
    { ...repository, tag: '1' },
    { registry: 'ghcr.io', repository: 'me/app', tag: 'x', digest },
  ]
  expect(inspectImage(image, { names, lastTagTime: 0 })).toEqual({
    Id: image.imageId,
    RepoTags: ['app:1', 'ghcr.io/me/app:x'],
    RepoDigests: [`app@${image.descriptor.digest}`, `ghcr.io/me/app@${digest}`],
    Parent: '',
    Comment: '',
    Created: '2024-01-02T03:04:05Z',
    DockerVersion: '',
    Author: 'me',
    Config: run,
    Architecture: 'amd64',
    Variant: 'v2',
    Os: 'linux',
    Size: image.size,
    GraphDriver: { Name: 'overlayfs', Data: null },
    RootFS: { Type: 'layers', Layers: [...image.config.rootfs.diff_ids] },
    Metadata: { LastTagTime: '1970-01-01T00:00:00.000Z' },
    Descriptor: image.descriptor,
  })
})
