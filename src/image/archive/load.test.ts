import { expect, test } from 'bun:test'
import { tmpdir } from 'node:os'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { createMemoryStore, type LocalStore } from '#content'
import { encodeJson, limits, mediaType, sha256 } from '#oci'
import { type Emit, fromBuffer, type ProgressEvent, toBuffer } from '#stream'
import { packTar, type TarInput } from '#tar'
import { overwriting } from '../../stream/testing/overwriting.ts'
import { openImage } from '../image.ts'
import { imageOf, layerTar } from '../testing/fixture.ts'
import { loadArchive } from './load.ts'
import type { LoadedImage } from './loaded-image.ts'
import { blobName } from './save.ts'

async function load(
  entries: readonly TarInput[],
  store: LocalStore,
  options: { readonly emit?: Emit } = {},
): Promise<LoadedImage[]> {
  const bytes = await packTar(entries)
  return await loadArchive(overwriting(bytes, 10_007), store, {
    temporaryDirectory: tmpdir(),
    ...options,
  })
}

const json = (path: string, value: unknown): TarInput => ({ path, body: encodeJson(value) })
const link = (path: string, linkpath: string): TarInput => ({ path, type: 'symlink', linkpath })

/**
 * The archive that `docker save` before version 25 writes for an image of one layer, and its parts.
 */
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

test('loadArchive() reads the archive of an old Docker, with links and directories', async () => {
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
  const ids = new Set<string>()
  const emit = (event: ProgressEvent): void => {
    if (event.type === 'transfer') ids.add(event.id)
  }
  const [loaded] = await load([config, layer, json('manifest.json', [manifest])], store, { emit })
  expect([...ids]).toEqual([sha256(zipped)])
  if (loaded === undefined) throw new TypeError('one image')
  const [opened] = (await openImage(store, loaded.descriptor)).layers
  expect(opened).toEqual({
    descriptor: { mediaType: mediaType.ociLayerGzip, digest: sha256(zipped), size: zipped.length },
    diffId,
  })
})

test('loadArchive() accepts zstd in a Docker archive, and refuses other compressions', async () => {
  const { config, manifest, tar } = await dockerArchive()
  const loadLayer = (body: Uint8Array<ArrayBuffer>, store: LocalStore) =>
    load([config, { path: 'aa/layer.tar', body }, json('manifest.json', [manifest])], store)
  const store = createMemoryStore()
  const pressed = new Uint8Array(zstdCompressSync(tar))
  const [loaded] = await loadLayer(pressed, store)
  if (loaded === undefined) throw new TypeError('one image')
  expect((await openImage(store, loaded.descriptor)).layers[0]?.descriptor).toEqual({
    mediaType: mediaType.ociLayerZstd,
    digest: sha256(pressed),
    size: pressed.length,
  })
  for (const [name, magic] of [
    ['bzip2', '425a6839'],
    ['xz', 'fd377a585a00'],
    ['lz4', '04224d18'],
  ] as const) {
    const loading = loadLayer(new Uint8Array(Buffer.from(magic, 'hex')), createMemoryStore())
    await expect(loading).rejects.toThrow(`a layer is compressed with ${name}`)
  }
})

test('loadArchive() refuses more layers than an image may have', async () => {
  const { layer, manifest, diffId } = await dockerArchive()
  const count = limits.layers + 1
  const diff_ids = Array.from({ length: count }, () => diffId)
  const rootfs = { type: 'layers', diff_ids }
  const config = json('c', { architecture: 'amd64', os: 'linux', rootfs })
  const Layers = Array.from({ length: count }, () => 'aa/layer.tar')
  const loading = load(
    [config, layer, json('manifest.json', [{ ...manifest, Config: 'c', Layers }])],
    createMemoryStore(),
  )
  await expect(loading).rejects.toThrow(String(limits.layers))
})

test('loadArchive() refuses a layer that does not match the configuration', async () => {
  const { config, manifest } = await dockerArchive()
  const layer = { path: 'aa/layer.tar', body: await layerTar({ 'etc/motd': 'evil' }) }
  const store = createMemoryStore()
  const loading = load([config, layer, json('manifest.json', [manifest])], store)
  await expect(loading).rejects.toMatchObject({ name: 'ContentMismatchError' })
})

/** Tables of contents that refer to files outside, or to missing members. */
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
  'an entry of its manifest.json lacks Config, Layers or RepoTags': ({ config, manifest }) => [
    config,
    json('manifest.json', [{ ...manifest, RepoTags: 'app:1' }]),
  ],
  'a name in its manifest.json is invalid': ({ config, layer, manifest }) => [
    config,
    layer,
    json('manifest.json', [{ ...manifest, RepoTags: ['../../x:1'] }]),
  ],
  'it contains neither manifest.json nor an OCI image layout': () => [
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

test('loadArchive() refuses JSON of more than 20 MiB without storing it', async () => {
  const body = new Uint8Array(20 * 1024 * 1024 + 1).fill(0x20)
  const loading = load([{ path: 'manifest.json', body }], createMemoryStore())
  await expect(loading).rejects.toMatchObject({ code: 'SIZE_INVALID' })
})

test('loadArchive() refuses an archive with too many members', async () => {
  function* many(): Generator<TarInput> {
    for (let index = 0; index <= 100_000; index++) yield { path: `${index}` }
  }
  const bytes = await packTar(many())
  const loading = loadArchive(fromBuffer(bytes), createMemoryStore(), {
    temporaryDirectory: tmpdir(),
  })
  await expect(loading).rejects.toThrow('100000')
})

/** An image layout with one image, whose entry in the index has these annotations. */
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

test('loadArchive() reads an image layout, and accepts only whole names from it', async () => {
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
  await expect(loading).rejects.toThrow('a name in its index.json is invalid')
})

test('loadArchive() refuses a layout whose manifest.json describes another image', async () => {
  const { members, layout, index } = await layoutArchive()
  const { config, layer, manifest } = await dockerArchive()
  const store = createMemoryStore()
  const both = [layout, index, ...members, config, layer, json('manifest.json', [manifest])]
  await expect(load(both, store)).rejects.toThrow('describe different images')
  expect(await Array.fromAsync(store.list())).toEqual([])
})

const empty = new Uint8Array(0)

test.each(['manifest', 'config', 'layer'])(
  'loadArchive() refuses a layout with a damaged %s',
  async (what) => {
    const { members, layout, index } = await layoutArchive()
    const at = ['manifest', 'config', 'layer'].indexOf(what)
    const change: readonly ((body: Uint8Array) => Uint8Array)[] = [
      // A valid document with other content.
      (body) =>
        Buffer.from(
          Buffer.from(body)
            .toString()
            .replace(/[0-9a-f]{8}"/, '00000000"'),
        ),
      (body) => new Uint8Array(body.length),
      (body) => Buffer.concat([body, new Uint8Array(1)]),
      (body) => body.subarray(1),
    ]
    for (const damage of change) {
      const damaged = members.map((member, index) =>
        index === at ? { ...member, body: Buffer.from(damage(member.body)) } : member,
      )
      if (sha256(damaged[at]?.body ?? empty) === sha256(members[at]?.body ?? empty)) continue
      const store = createMemoryStore()
      const loading = load([layout, index, ...damaged], store)
      await expect(loading).rejects.toMatchObject({ code: 'DIGEST_INVALID' })
      const stored = await Array.fromAsync(store.list(), ({ digest }) => digest)
      const [manifest] = members
      expect(stored.map(blobName)).not.toContain(manifest?.path ?? '')
    }
  },
)

test('loadArchive() refuses a layout whose manifest.json has other layers', async () => {
  const { image, members, layout, index } = await layoutArchive()
  const manifest = { Config: blobName(image.manifest.config.digest), RepoTags: ['app:1'] }
  const layers = image.manifest.layers.map(({ digest }) => blobName(digest))
  const both = (Layers: readonly string[]): TarInput[] => {
    return [layout, index, ...members, json('manifest.json', [{ ...manifest, Layers }])]
  }
  const [loaded] = await load(both(layers), createMemoryStore())
  expect(loaded?.names.map(String)).toEqual(['docker.io/library/app:1'])
  for (const wrong of [[], [...layers, ...layers]]) {
    const loading = load(both(wrong), createMemoryStore())
    await expect(loading).rejects.toThrow('describe different images')
  }
})

test('loadArchive() treats an archive as a layout only when it has oci-layout', async () => {
  const { members, layout, index } = await layoutArchive()
  const { config, layer, manifest, imageId } = await dockerArchive()
  const docker = [config, layer, json('manifest.json', [manifest])]
  for (const half of [[index], [layout]]) {
    const store = createMemoryStore()
    const [loaded] = await load([...half, ...docker], store)
    if (loaded === undefined) throw new TypeError('one image')
    expect((await openImage(store, loaded.descriptor)).imageId).toBe(imageId)
    const alone = load([...half, ...members], createMemoryStore())
    await expect(alone).rejects.toThrow('neither manifest.json nor an OCI image layout')
  }
})

test.each([
  ['repositories', undefined],
  ['etc', undefined],
  ['home', 'use strake import for the archive of a root filesystem'],
])('loadArchive() of an archive with only %s has the remedy %p', async (path, remedy) => {
  const loading = load([{ path, body: new Uint8Array(1) }], createMemoryStore())
  await expect(loading).rejects.toMatchObject({ code: 'INVALID' })
  const error: unknown = await loading.catch((error: unknown) => error)
  expect(error).toMatchObject(remedy === undefined ? {} : { remedy })
  expect(Object(error).remedy).toBe(remedy)
})
