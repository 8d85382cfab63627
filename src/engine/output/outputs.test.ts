import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { openDirectoryStore, readDocument, readIndex, writeIndex } from '#content'
import { openImage } from '#image'
import { mediaType, parseImageName, parsePlatform, sha256 } from '#oci'
import { lockDirectory } from '#platform'
import { createMemoryRegistry, createRegistryHandler } from '#registry'
import { type ProgressEvent, toBuffer } from '#stream'
import { load } from '../archive/load.ts'
import { type BuildRequest, build, type NamedContext } from '../build/build.ts'
import { collectGarbage } from '../collect/collect-garbage.ts'
import { findForeign } from '../host/store-names.ts'
import { findTarget, getTarget } from '../image/find-target.ts'
import { pull } from '../image/pull.ts'
import { cannotContain, openTestEngine, type TestEngine } from '../testing/fixture.ts'
import type {
  ArchiveOutput,
  BuildOutput,
  ImageForm,
  ImageOutput,
  ReceivedImage,
  ResultReceiver,
} from './build-output.ts'

const registry = createMemoryRegistry()
let engine: TestEngine
let context = ''
let out = ''
let count = 0

beforeAll(async () => {
  engine = await openTestEngine({ fetch: createRegistryHandler(registry) })
  context = `${engine.directory}/context`
  mkdirSync(`${context}/dir`, { recursive: true })
  writeFileSync(`${context}/a`, 'text of a')
  writeFileSync(`${context}/dir/program`, '#!/bin/sh\n')
  writeFileSync(`${context}/amd64`, 'for amd64')
  writeFileSync(`${context}/arm64`, 'for arm64')
  chmodSync(`${context}/dir/program`, 0o4755)
  symlinkSync('/etc/passwd', `${context}/dir/link`)
})
beforeEach(() => {
  out = `${engine.directory}/out${count++}`
})
afterAll(() => engine[Symbol.asyncDispose]())

const platforms = ['amd64', 'arm64'].map(parsePlatform)
const dockerfile = {
  text: 'FROM scratch\nCOPY --chown=1000:1000 a /\nCOPY dir /dir\nARG TARGETARCH\nCOPY $TARGETARCH /own\n',
}

function run(output: BuildOutput, request: Partial<BuildRequest> = {}) {
  return build(engine, { context, dockerfile, outputs: [output], ...request })
}

const local = (more: Partial<BuildOutput> = {}): BuildOutput =>
  ({ kind: 'local', destination: out, isMirror: false, ...more }) as BuildOutput
const image = (more: Partial<ImageOutput> = {}): ImageOutput => ({
  kind: 'image',
  push: false,
  byDigest: false,
  form: {},
  ...more,
})
const archive = (kind: 'oci' | 'docker', more: Partial<ArchiveOutput> = {}): ArchiveOutput => ({
  kind,
  destination: out,
  isDirectory: false,
  form: {},
  ...more,
})

const withRoot = test.skipIf(cannotContain !== undefined)

withRoot(
  'local writes files that belong to this user, without setuid, and adds to a directory',
  async () => {
    mkdirSync(`${out}/dir`, { recursive: true })
    writeFileSync(`${out}/other`, 'stays')
    // A link in the directory is replaced, not followed.
    mkdirSync(`${engine.directory}/elsewhere`, { recursive: true })
    symlinkSync(`${engine.directory}/elsewhere`, `${out}/dir/link`)
    const { hasImage } = await run(local(), { timestamp: 1_600_000_000 })
    expect(hasImage).toBe(false)
    expect(readdirSync(out).toSorted()).toEqual(['a', 'dir', 'other', 'own'])
    expect(readFileSync(`${out}/a`, 'utf8')).toBe('text of a')
    const { uid, mtimeMs } = statSync(`${out}/a`)
    expect([uid, mtimeMs]).toEqual([process.getuid?.() ?? 0, 1_600_000_000_000])
    expect(statSync(`${out}/dir/program`).mode & 0o7777).toBe(0o755)
    expect(readlinkSync(`${out}/dir/link`)).toBe('/etc/passwd')
    expect(readdirSync(`${engine.directory}/elsewhere`)).toEqual([])
  },
)

withRoot('local and tar write one directory of the result', async () => {
  await run(local({ source: '/dir' }))
  expect(readdirSync(out).toSorted()).toEqual(['link', 'program'])
  const file = `${out}.d/new/x.tar`
  const tar = { kind: 'tar', destination: file, isMirror: false, source: 'dir' } as const
  await run(tar, { platforms })
  expect(execFileSync('tar', ['-tf', file], { encoding: 'utf8' }).trim().split('\n')).toEqual([
    ...['linux_amd64/', 'linux_amd64/link', 'linux_amd64/program'],
    ...['linux_arm64/', 'linux_arm64/link', 'linux_arm64/program'],
  ])
  await expect(run(local({ source: 'none' }))).rejects.toThrow('the result has no such directory')
})

withRoot('local with mode=delete removes everything else', async () => {
  mkdirSync(`${out}/dir/old/deep`, { recursive: true })
  writeFileSync(`${out}/dir/old/deep/file`, '')
  symlinkSync(context, `${out}/gone`)
  await run(local({ isMirror: true }))
  expect(readdirSync(out).toSorted()).toEqual(['a', 'dir', 'own'])
  expect(readdirSync(`${out}/dir`).toSorted()).toEqual(['link', 'program'])
  expect(existsSync(`${context}/a`)).toBe(true)
})

withRoot('local refuses a file, and refuses to empty what must stay', async () => {
  for (const [destination, what] of [
    [engine.directory, 'the build context'],
    [context, 'the build context'],
    ['/', 'the working directory'],
    [process.cwd(), 'the working directory'],
  ] as const) {
    const building = run(local({ isMirror: true, destination }))
    await expect(building).rejects.toThrow(/^Cannot empty \S+ with mode=delete: /)
    if (destination !== '/') await expect(building).rejects.toThrow(`${what} is in it`)
  }
  expect(existsSync(`${context}/a`)).toBe(true)
  writeFileSync(out, '')
  await expect(run(local())).rejects.toThrow('it is not a directory')
})

withRoot('local with mode=delete refuses a directory with files that the build needs', async () => {
  mkdirSync(`${out}/kept/blobs`, { recursive: true })
  const file = `${out}/kept/file`
  writeFileSync(file, dockerfile.text)
  symlinkSync(context, `${out}/link`)
  const named = (context: NamedContext) => ({ contexts: new Map([['named', context]]) })
  const cases: readonly [string, Partial<BuildRequest>][] = [
    ['the build context named', named({ kind: 'directory', path: `${out}/kept` })],
    ['the build context named', named({ kind: 'layout', path: `${out}/kept`, image: 'a' })],
    ['the build context', { context: `${out}/link` }],
    ['the Dockerfile', { dockerfile: file }],
    ['the secret token', { secrets: [{ id: 'token', file }] }],
    ['a key or socket of default', { agents: [{ id: 'default', paths: [file], isRaw: false }] }],
    ['the source policy', { sourcePolicyFile: file }],
    [
      'another output',
      {
        outputs: [
          { kind: 'oci', destination: `${out}/kept/new.tar`, isDirectory: false, form: {} },
          local({ isMirror: true }),
        ],
      },
    ],
  ]
  for (const [what, request] of cases) {
    await expect(run(local({ isMirror: true }), request)).rejects.toThrow(`: ${what} is in it`)
  }
  expect(existsSync(file)).toBe(true)
})

withRoot('local never writes into the store, and never empties a directory with it', async () => {
  const { root } = engine
  mkdirSync(`${engine.directory}/links`)
  symlinkSync(root, `${engine.directory}/links/store`)
  for (const destination of [root, `${root}/blobs`, `${engine.directory}/links/store/new`]) {
    await expect(run(local({ destination }))).rejects.toThrow('the store is there')
  }
  const above = local({ isMirror: true, destination: dirname(root) })
  await expect(run(above, { context: undefined })).rejects.toThrow('the store is in it')
  expect(existsSync(`${root}/oci-layout`)).toBe(true)
})

withRoot('local and tar have a directory for each of several platforms', async () => {
  await run(local(), { platforms })
  expect(readdirSync(out).toSorted()).toEqual(['linux_amd64', 'linux_arm64'])
  expect(readFileSync(`${out}/linux_arm64/own`, 'utf8')).toBe('for arm64')
  rmSync(out, { recursive: true })
  await run(local({ splitsPlatforms: false }), { platforms })
  expect(readFileSync(`${out}/own`, 'utf8')).toBe('for arm64')
  rmSync(out, { recursive: true })
  await run({ kind: 'tar', destination: out, isMirror: false }, { platforms })
  const listed = execFileSync('tar', ['-tvf', out, '--numeric-owner'], { encoding: 'utf8' })
  expect(listed).toMatch(/-rw-r--r-- 1000\/1000 .* linux_amd64\/a\n/)
  expect(listed).toMatch(/-rws\S+ 0\/0 .* linux_arm64\/dir\/program\n/)
})

withRoot('local of an image without files makes an empty directory', async () => {
  await run(local(), { dockerfile: { text: 'FROM scratch\nENV a=1\n' } })
  expect(readdirSync(out)).toEqual([])
  expect(findForeign(engine, 'run')).toBeUndefined()
})

/** The media types and sizes of the layers of what a directory or archive lists. */
async function readLayout(directory: string) {
  const store = await openDirectoryStore(directory)
  const [root] = JSON.parse(readFileSync(`${directory}/index.json`, 'utf8')).manifests
  return { store, root, document: await readDocument(store, root) }
}

test('oci writes a layout that load() reads, an index for several platforms', async () => {
  const names = [parseImageName('from-oci:1')]
  await run(archive('oci', { names }), { platforms })
  const members = execFileSync('tar', ['-tf', out], { encoding: 'utf8' })
  expect(members).not.toContain('manifest.json')
  await using other = await openTestEngine()
  await load(other, { file: out })
  const found = getTarget(other.records, 'from-oci:1')
  expect(found).toMatchObject({ isIndex: true })
  expect(found.images.map(({ platform }) => platform.architecture)).toEqual(['amd64', 'arm64'])
  // Nothing has the name here, and the next collection takes what was written for the archive.
  expect(findTarget(engine.records, 'from-oci:1')).toBeUndefined()
  expect(engine.records.indexes.list()).toEqual([])
})

test('docker writes an archive with manifest.json, compressed with gzip', async () => {
  const names = [parseImageName('from-docker:1')]
  const { imageId, hasImage } = await run(archive('docker', { names }))
  expect(hasImage).toBe(true)
  const json = execFileSync('tar', ['-xOf', out, 'manifest.json'], { encoding: 'utf8' })
  expect(JSON.parse(json)).toMatchObject([{ RepoTags: ['docker.io/library/from-docker:1'] }])
  await using other = await openTestEngine()
  expect(await load(other, { file: out })).toMatchObject([{ imageId }])
})

const nameKey = 'io.containerd.image.name'
const addToLayout = (name: string, text: string) =>
  run(archive('oci', { isDirectory: true, names: [parseImageName(name)] }), {
    dockerfile: { text: `FROM scratch\nENV a=${text}\n` },
  })

test('oci with tar=false adds to a layout, and replaces the image of its name', async () => {
  await addToLayout('one', '1')
  await addToLayout('two', '2')
  await addToLayout('one', '3')
  const names = (await readIndex(out)).map(({ annotations = {} }) => annotations[nameKey])
  expect(names).toEqual(['docker.io/library/two:latest', 'docker.io/library/one:latest'])
  expect(lstatSync(`${out}/oci-layout`).isFile()).toBe(true)
})

test('oci with tar=false keeps what another process adds to the layout meanwhile', async () => {
  await addToLayout('one', '1')
  const [one] = await readIndex(out)
  if (one === undefined) throw new TypeError('an image')
  const blobs = () => readdirSync(`${out}/blobs/sha256`).filter((name) => !name.includes('.'))
  const before = blobs().length
  let building: Promise<unknown>
  {
    using _lock = await lockDirectory(out)
    building = addToLayout('two', '2')
    while (blobs().length < 2 * before) await Bun.sleep(1)
    await writeIndex(out, [one, { ...one, annotations: { [nameKey]: 'other' } }])
  }
  await building
  const names = (await readIndex(out)).map(({ annotations = {} }) => annotations[nameKey])
  expect(names.toSorted()).toEqual([
    'docker.io/library/one:latest',
    'docker.io/library/two:latest',
    'other',
  ])
})

async function formed(form: ImageForm, request: Partial<BuildRequest> = {}) {
  rmSync(out, { recursive: true, force: true })
  await run(archive('oci', { isDirectory: true, form }), request)
  return await readLayout(out)
}

test('an archive has the compression, level and media types that were asked for', async () => {
  const big = {
    text: `FROM scratch\nCOPY <<EOF /big\n${Array.from({ length: 20_000 }, (_, line) => `line ${line * 7919}`).join('\n')}\nEOF\n`,
  }
  const layerOf = async (form: ImageForm) => {
    const { document } = await formed(form, { dockerfile: big })
    if (document.parsed.kind !== 'manifest') throw new TypeError('a manifest')
    const [layer] = document.parsed.manifest.layers
    if (layer === undefined) throw new TypeError('a layer')
    return { ...layer, config: document.parsed.manifest.config }
  }
  const usual = await layerOf({})
  expect(usual.mediaType).toBe(mediaType.ociLayerGzip)
  const plain = await layerOf({ compression: 'uncompressed' })
  expect(plain.mediaType).toBe(mediaType.ociLayer)
  const small = await layerOf({ compression: 'gzip', level: 9 })
  expect(small.size).toBeLessThan(usual.size)
  expect((await layerOf({ compression: 'gzip', level: 0 })).size).toBeGreaterThan(plain.size)
  const zstd = await layerOf({ compression: 'zstd', level: 19 })
  expect(zstd.mediaType).toBe(mediaType.ociLayerZstd)
  expect((await layerOf({ compression: 'zstd', level: 1 })).size).toBeGreaterThan(zstd.size)
  // A build without a level uses the stored form at any level.
  const docker = await layerOf({ mediaTypes: 'docker' })
  expect(docker.mediaType).toBe(mediaType.dockerLayerGzip)
  expect(docker.config.mediaType).toBe(mediaType.dockerConfig)
  expect(docker.config.digest).toBe(usual.config.digest)
})

test('force-compression converts layers of the base', async () => {
  const base = image({ names: [parseImageName('zstd-base')], form: { compression: 'zstd' } })
  await run(base)
  const from = { dockerfile: { text: 'FROM zstd-base\nCOPY a /more\n' } }
  const types = async (form: ImageForm) => {
    const { document } = await formed(form, from)
    if (document.parsed.kind !== 'manifest') throw new TypeError('a manifest')
    return new Set(document.parsed.manifest.layers.map((layer) => layer.mediaType))
  }
  expect(await types({ compression: 'gzip' })).toEqual(
    new Set([mediaType.ociLayerZstd, mediaType.ociLayerGzip]),
  )
  const forced = { isForced: true }
  expect(await types({ compression: 'gzip', ...forced })).toEqual(new Set([mediaType.ociLayerGzip]))
  expect(await types({ compression: 'uncompressed', ...forced })).toEqual(
    new Set([mediaType.ociLayer]),
  )
})

test('annotations reach the documents and descriptors that they are for', async () => {
  const [, arm64] = platforms
  const form: ImageForm = {
    annotations: [
      { places: ['manifest'], key: 'all', value: '1' },
      { places: ['manifest'], platform: arm64, key: 'arm', value: '2' },
      { places: ['index'], key: 'index', value: '3' },
      { places: ['manifest-descriptor'], platform: arm64, key: 'entry', value: '4' },
      { places: ['index-descriptor'], key: 'listed', value: '5' },
    ],
  }
  const { store, root, document } = await formed(form, { platforms })
  expect(root.annotations).toMatchObject({ listed: '5' })
  if (document.parsed.kind !== 'index') throw new TypeError('an index')
  const { annotations, manifests } = document.parsed.index
  expect(annotations).toEqual({ index: '3' })
  expect(manifests.map((each) => each.annotations)).toEqual([undefined, { entry: '4' }])
  const images = await Promise.all(manifests.map((each) => openImage(store, each)))
  expect(images.map(({ manifest }) => manifest.annotations)).toEqual([
    { all: '1' },
    { all: '1', arm: '2' },
  ])
  await expect(formed(form)).rejects.toThrow('an image of one platform has no index')
})

test('image stores the form that was asked for, under its own names', async () => {
  const names = ['stored:1', 'stored:2'].map(parseImageName)
  const form: ImageForm = { compression: 'zstd', mediaTypes: 'docker' }
  const { digest } = await run(image({ names, form }), { names: ['unused'], platforms })
  for (const name of names) {
    const { descriptor } = getTarget(engine.records, name)
    expect(descriptor).toMatchObject({ digest, mediaType: mediaType.dockerManifestList })
  }
  expect(findTarget(engine.records, 'unused')).toBeUndefined()
  await collectGarbage(engine)
  const [first] = getTarget(engine.records, 'stored:1').images
  const { layers } = await engine.openImage(
    first ?? { ...getTarget(engine.records, 'stored:1').descriptor },
  )
  expect(layers[0]?.descriptor.mediaType).toBe(mediaType.dockerLayerZstd)
})

test('registry pushes every name, and the metadata has the digest in the registry', async () => {
  const names = ['localhost:1/pushed:1', 'localhost:1/pushed:2'].map(parseImageName)
  const metadataFile = `${engine.directory}/metadata`
  const { digest } = await run(image({ names, push: true }), { platforms, metadataFile })
  const repository = registry.repository('pushed')
  for (const tag of ['1', '2']) {
    expect(await repository.resolve(tag)).toMatchObject({ digest, mediaType: mediaType.ociIndex })
  }
  expect(JSON.parse(readFileSync(metadataFile, 'utf8'))).toMatchObject({
    'containerimage.digest': digest,
    'image.name': names.join(','),
  })
  await using other = await openTestEngine({ fetch: createRegistryHandler(registry) })
  expect((await pull(other, 'localhost:1/pushed:1')).digest).toBe(digest)
})

test('receivers take archives and directories, and nothing is left', async () => {
  const received: (readonly [string, ReceivedImage | undefined, number])[] = []
  let listed: readonly string[] = []
  const blobs: string[] = []
  const receiver: ResultReceiver = {
    archive: async (bytes, image) => {
      const buffer = await toBuffer(bytes, 1024 * 1024, 'an archive')
      received.push([Buffer.from(buffer).toString('latin1', 257, 262), image, buffer.length])
    },
    directory: async (path) => {
      listed = readdirSync(path).toSorted()
    },
    blobs: {
      async write({ digest }) {
        blobs.push(digest)
        return 'written'
      },
    },
  }
  const names = [parseImageName('received')]
  const destination = undefined
  await run(archive('oci', { destination, receiver, names }))
  const [[magic, image, size] = ['', undefined, 0]] = received
  expect([magic, image?.names, size > 1000]).toEqual(['ustar', names, true])
  expect(image?.descriptor.mediaType).toBe(mediaType.ociManifest)
  await run(archive('oci', { destination, receiver, names, isDirectory: true }))
  // The manifest comes last: a layout never has one without its blobs.
  expect([received.length, blobs.at(-1), blobs.length > 2]).toEqual([
    1,
    image?.descriptor.digest,
    true,
  ])
  if (cannotContain !== undefined) return
  await run({ kind: 'tar', isMirror: false, receiver })
  expect(received[1]?.slice(0, 2)).toEqual(['ustar', undefined])
  await run({ kind: 'local', isMirror: true, receiver })
  expect(listed).toEqual(['a', 'dir', 'own'])
  expect(readdirSync(`${engine.root}/scratch`)).toEqual([])
})

test('push-by-digest moves no tag', async () => {
  const names = [parseImageName('localhost:1/untagged')]
  const { digest } = await run(image({ names, push: true, byDigest: true }))
  const repository = registry.repository('untagged')
  expect(await repository.resolve(digest)).toMatchObject({ digest })
  await expect(repository.resolve('latest')).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' })
  expect(findTarget(engine.records, 'localhost:1/untagged')).toBeUndefined()
  expect(findTarget(engine.records, `localhost:1/untagged@${digest}`)).toBeDefined()
})

test('cacheonly stores no image, and several outputs are written in their order', async () => {
  const before = engine.records.images.list().length
  const imageIdFile = `${engine.directory}/id`
  const text = { text: 'FROM scratch\nENV cache=only\n' }
  const { hasImage } = await run({ kind: 'cacheonly' }, { dockerfile: text })
  expect(hasImage).toBe(false)
  expect(engine.records.images.list()).toHaveLength(before)
  const outputs = [archive('oci'), image({ names: [parseImageName('both')] })]
  const { imageId, names } = await build(engine, { context, dockerfile, outputs, imageIdFile })
  expect(names).toEqual(['docker.io/library/both:latest'] as never)
  expect(readFileSync(imageIdFile, 'utf8')).toBe(imageId)
  expect(existsSync(out)).toBe(true)
})

test('build() shows outputs as steps', async () => {
  const steps: string[] = []
  const emit = (event: ProgressEvent): void => {
    if (event.type === 'step' && event.state === 'done') steps.push(event.name)
  }
  const names = [parseImageName('localhost:1/shown')]
  const outputs = [archive('oci'), image({ names, push: true })]
  await build(engine, { context, dockerfile, outputs, emit })
  expect(steps.slice(-2)).toEqual([
    `exporting to oci image format ${out}`,
    'pushing localhost:1/shown:latest',
  ])
})

test('build() refuses outputs that cannot work, before the first step', async () => {
  const bad = { text: 'FROM nothing-that-exists\n' }
  const refuse = (outputs: readonly BuildOutput[], more: Partial<BuildRequest> = {}) =>
    build(engine, { context, dockerfile: bad, outputs, ...more })
  const toStream = archive('oci', { destination: undefined })
  await expect(refuse([toStream, toStream])).rejects.toThrow('Cannot write 2 outputs to standard')
  await expect(refuse([image({ push: true })])).rejects.toThrow('it has no name')
  const rewriting = image({ form: { rewritesTimes: true } })
  await expect(refuse([rewriting], { timestamp: 'now' })).rejects.toThrow(
    'Cannot rewrite timestamps',
  )
  const imageIdFile = `${engine.directory}/never`
  await expect(refuse([{ kind: 'cacheonly' }], { imageIdFile })).rejects.toThrow(
    'no output makes an image',
  )
})

test('rewrite-timestamp and the usual build give the same bytes', async () => {
  const digests = []
  for (const rewritesTimes of [undefined, false, true]) {
    const { digest } = await run(image({ form: { rewritesTimes } }), { timestamp: 1_500_000_000 })
    digests.push(digest)
  }
  expect(new Set(digests).size).toBe(1)
  expect(sha256('')).not.toBe(digests[0] as never)
})

test('BUILDKIT_MULTI_PLATFORM makes an index for one platform', async () => {
  const buildArgs = new Map([['BUILDKIT_MULTI_PLATFORM', '1']])
  const names = [parseImageName('forced')]
  await run(image({ names }), { buildArgs })
  expect(getTarget(engine.records, 'forced')).toMatchObject({ isIndex: true })
  expect(getTarget(engine.records, 'forced').images).toHaveLength(1)
  const annotation = { places: ['index'], key: 'a', value: 'b' } as const
  await run(image({ names, form: { annotations: [annotation] } }), { buildArgs })
  if (cannotContain !== undefined) return
  await run(local(), { buildArgs, platforms: platforms.slice(0, 1) })
  expect(readdirSync(out)).toEqual(['linux_amd64'])
})

test('estargz has layers with a table of contents, which load and run as others do', async () => {
  const names = [parseImageName('star:1')]
  const form: ImageForm = { compression: 'estargz' }
  await run(archive('oci', { names, form }))
  await using other = await openTestEngine()
  await load(other, { file: out })
  const [found] = getTarget(other.records, 'star:1').images
  if (found === undefined) throw new TypeError('an image')
  const { layers } = await other.openImage(found)
  expect(layers).toHaveLength(3)
  for (const { descriptor } of layers) {
    expect(descriptor.mediaType).toBe(mediaType.ociLayerGzip)
    expect(descriptor.annotations).toHaveProperty(['containerd.io/snapshot/stargz/toc.digest'])
  }
  const pushed = image({ names: [parseImageName('localhost:1/star')], push: true, form })
  const { digest } = await run(pushed)
  expect(await registry.repository('star').resolve('latest')).toMatchObject({ digest })
  expect(found.digest).toBe(digest)
})

withRoot('hard links of every platform stay within its directory', async () => {
  const linked = `${engine.directory}/linked`
  mkdirSync(linked)
  writeFileSync(`${linked}/one`, 'x')
  linkSync(`${linked}/one`, `${linked}/two`)
  const copy = { text: 'FROM scratch\nCOPY . /\n' }
  const request = { context: linked, dockerfile: copy, platforms }
  await run({ kind: 'tar', destination: out, isMirror: false }, request)
  const listed = execFileSync('tar', ['-tvf', out], { encoding: 'utf8' })
  expect(listed).toContain('linux_arm64/two link to linux_arm64/one\n')
  rmSync(out)
  await run(local(), request)
  const [one, two] = ['one', 'two'].map((name) => statSync(`${out}/linux_arm64/${name}`).ino)
  expect(one).toBe(two)
})
