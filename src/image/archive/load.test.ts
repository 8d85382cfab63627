import { expect, test } from 'bun:test'
import { tmpdir } from 'node:os'
import { gzipSync } from 'node:zlib'
import { createMemoryStore, type LocalStore } from '#content'
import { encodeJson, mediaType, sha256 } from '#oci'
import { fromBuffer, toBuffer } from '#stream'
import { packTar, type TarInput } from '#tar'
import { overwriting } from '../../stream/testing/overwriting.ts'
import { openImage } from '../image.ts'
import { imageOf, layerTar } from '../testing/fixture.ts'
import { loadArchive } from './load.ts'
import type { LoadedImage } from './loaded-image.ts'
import { blobName } from './save.ts'

async function load(entries: readonly TarInput[], store: LocalStore): Promise<LoadedImage[]> {
  const bytes = await packTar(entries)
  return await loadArchive(overwriting(bytes, 10_007), store, { temporaryDirectory: tmpdir() })
}

const json = (path: string, value: unknown): TarInput => ({ path, body: encodeJson(value) })
const link = (path: string, linkpath: string): TarInput => ({ path, type: 'symlink', linkpath })

/** What `docker save` before 25 writes for an image of one layer, and its pieces. */
async function dockerArchive() {
  const tar = await layerTar({ 'etc/motd': 'hi' })
  const diffId = sha256(tar)
  const config = encodeJson({
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [diffId] },
  })
  const configName = `${sha256(config).slice(7)}.json`
  const manifest = { Config: configName, RepoTags: ['app:1'], Layers: ['aa/layer.tar'] }
  return {
    tar,
    diffId,
    config: { path: configName, body: config },
    layer: { path: 'aa/layer.tar', body: tar },
    manifest,
    imageId: sha256(config),
  }
}

test('loadArchive() reads what old Docker saves, its links and directories included', async () => {
  const { config, layer, manifest, imageId, diffId } = await dockerArchive()
  const twice = { ...manifest, Layers: ['./bb/../bb/layer.tar'], RepoTags: ['other'] }
  const store = createMemoryStore()
  const loaded = await load(
    [
      { path: 'aa', type: 'directory' },
      layer,
      link('bb/layer.tar', '../aa/layer.tar'),
      config,
      json('manifest.json', [manifest, twice]),
      json('repositories', {}),
    ],
    store,
  )
  expect(loaded.map(({ names }) => names.map(String))).toEqual([
    ['docker.io/library/app:1'],
    ['docker.io/library/other:latest'],
  ])
  for (const { descriptor } of loaded) {
    const image = await openImage(store, descriptor)
    expect(image.imageId).toBe(imageId)
    expect(image.layers[0]?.descriptor).toMatchObject({
      mediaType: mediaType.ociLayer,
      digest: diffId,
    })
  }
})

test('loadArchive() keeps compressed layers of a Docker archive compressed', async () => {
  const { config, manifest, tar, diffId } = await dockerArchive()
  const zipped = gzipSync(tar)
  const layer = { path: 'aa/layer.tar', body: new Uint8Array(zipped) }
  const store = createMemoryStore()
  const [loaded] = await load([config, layer, json('manifest.json', [manifest])], store)
  if (loaded === undefined) throw new TypeError('one image')
  const [opened] = (await openImage(store, loaded.descriptor)).layers
  expect(opened).toEqual({
    descriptor: { mediaType: mediaType.ociLayerGzip, digest: sha256(zipped), size: zipped.length },
    diffId,
  })
})

test('loadArchive() refuses a layer that is not what the configuration says', async () => {
  const { config, manifest } = await dockerArchive()
  const layer = { path: 'aa/layer.tar', body: await layerTar({ 'etc/motd': 'evil' }) }
  const store = createMemoryStore()
  const loading = load([config, layer, json('manifest.json', [manifest])], store)
  await expect(loading).rejects.toMatchObject({ name: 'ContentMismatchError' })
})

/** Tables of contents that try to reach outside, or nothing at all. */
const attacks: Record<string, (good: Awaited<ReturnType<typeof dockerArchive>>) => TarInput[]> = {
  'etc/passwd is not in it': ({ config, layer, manifest }) => [
    config,
    layer,
    json('manifest.json', [{ ...manifest, Layers: ['/etc/passwd'] }]),
  ],
  '../../etc/passwd is not in it': ({ layer, manifest }) => [
    layer,
    json('manifest.json', [{ ...manifest, Config: '../../etc/passwd' }]),
  ],
  'aa/layer.tar is not in it': ({ config, manifest }) => [
    config,
    link('aa/layer.tar', '../../../etc/passwd'),
    json('manifest.json', [manifest]),
  ],
  'member.json is not in it': ({ manifest }) => [
    link('member.json', 'other.json'),
    link('other.json', 'member.json'),
    json('manifest.json', [{ ...manifest, Config: 'member.json' }]),
  ],
  '../evil leads out of it': ({ manifest }) => [
    json('manifest.json', [manifest]),
    { path: '../evil', body: new Uint8Array(1) },
  ],
  'manifest.json is in it twice': ({ manifest }) => [
    json('manifest.json', [manifest]),
    json('./manifest.json', []),
  ],
  'an image has 2 layers, its configuration 1': ({ config, layer, manifest }) => [
    config,
    layer,
    json('manifest.json', [{ ...manifest, Layers: ['aa/layer.tar', 'aa/layer.tar'] }]),
  ],
  'its manifest.json is not an array': () => [json('manifest.json', {})],
  'lacks Config, Layers or RepoTags': () => [json('manifest.json', [{ Layers: 'aa' }])],
  'a name in its manifest.json cannot be given': ({ config, layer, manifest }) => [
    config,
    layer,
    json('manifest.json', [{ ...manifest, RepoTags: ['../../x:1'] }]),
  ],
  'it holds neither manifest.json nor an OCI image layout': () => [
    { path: 'etc/passwd', body: new Uint8Array(1) },
  ],
}

for (const [reason, attack] of Object.entries(attacks)) {
  test(`loadArchive() refuses an archive because ${reason}`, async () => {
    const store = createMemoryStore()
    const loading = load(attack(await dockerArchive()), store)
    await expect(loading).rejects.toThrow(reason)
    const stored = await Array.fromAsync(store.list())
    expect(stored.length).toBeLessThanOrEqual(1)
  })
}

test('loadArchive() refuses JSON of more than 20 MiB without keeping it', async () => {
  const body = new Uint8Array(20 * 1024 * 1024 + 1).fill(0x20)
  const loading = load([{ path: 'manifest.json', body }], createMemoryStore())
  await expect(loading).rejects.toMatchObject({ code: 'SIZE_INVALID' })
})

test('loadArchive() refuses an archive of more members than images have', async () => {
  function* many(): Generator<TarInput> {
    for (let index = 0; index <= 100_000; index++) yield { path: `${index}` }
  }
  const bytes = await packTar(many())
  const loading = loadArchive(fromBuffer(bytes), createMemoryStore(), {
    temporaryDirectory: tmpdir(),
  })
  await expect(loading).rejects.toThrow('100000')
})

/** An image layout with one image, and what its index says about it. */
async function layoutArchive(annotations?: Record<string, string>) {
  const { store, image } = await imageOf([{ a: '1' }])
  const blobs = [image.descriptor, image.manifest.config, ...image.manifest.layers]
  const members = await Array.fromAsync(blobs, async (blob) => ({
    path: blobName(blob.digest),
    body: await toBuffer(store.read(blob), 1 << 24),
  }))
  const entry = { ...image.descriptor, ...(annotations !== undefined && { annotations }) }
  const layout = json('oci-layout', { imageLayoutVersion: '1.0.0' })
  const index = json('index.json', { schemaVersion: 2, manifests: [entry] })
  return { image, members, layout, index }
}

test('loadArchive() reads an image layout and takes only whole names from it', async () => {
  const cases: readonly (readonly [Record<string, string> | undefined, readonly string[]])[] = [
    [undefined, []],
    [{ 'org.opencontainers.image.ref.name': 'latest' }, []],
    [{ 'org.opencontainers.image.ref.name': 'ghcr.io/a/b:1' }, ['ghcr.io/a/b:1']],
    [{ 'io.containerd.image.name': 'docker.io/library/x:2' }, ['docker.io/library/x:2']],
  ]
  for (const [annotations, names] of cases) {
    const { image, members, layout, index } = await layoutArchive(annotations)
    const [loaded] = await load([layout, index, ...members], createMemoryStore())
    expect(loaded?.descriptor.digest).toBe(image.descriptor.digest)
    expect(loaded?.names.map(String)).toEqual([...names])
  }
})

test('loadArchive() refuses a name that is a path', async () => {
  const annotations = { 'org.opencontainers.image.ref.name': '../../../etc/cron.d/x' }
  const { members, layout, index } = await layoutArchive(annotations)
  const loading = load([layout, index, ...members], createMemoryStore())
  await expect(loading).rejects.toThrow('a name in its index.json cannot be given')
})

test('loadArchive() refuses a layout whose manifest.json describes another image', async () => {
  const { members, layout, index } = await layoutArchive()
  const { config, layer, manifest } = await dockerArchive()
  const store = createMemoryStore()
  const both = [layout, index, ...members, config, layer, json('manifest.json', [manifest])]
  await expect(load(both, store)).rejects.toThrow('describe different images')
  expect(await Array.fromAsync(store.list())).toEqual([])
})

test('loadArchive() refuses a layout with a damaged blob', async () => {
  const { members, layout, index } = await layoutArchive()
  const damaged = members.map((member, at) =>
    at === 2 ? { ...member, body: new Uint8Array(member.body.length) } : member,
  )
  const loading = load([layout, index, ...damaged], createMemoryStore())
  await expect(loading).rejects.toMatchObject({ name: 'ContentMismatchError' })
})
