import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readDocument } from '#content'
import { createImage, subjectOf, writeAttestations } from '#image'
import { type Descriptor, type Index, mediaType, parseIndex, parsePlatform } from '#oci'
import { createMemoryRegistry, createRegistryHandler } from '#registry'
import { fromBuffer } from '#stream'
import { openTestEngine, type TestEngine } from '../testing/fixture.ts'
import { combineRemote } from './create-remote.ts'
import { inspectRemote } from './inspect-remote.ts'

const registry = createMemoryRegistry()
let engine: TestEngine
beforeAll(async () => {
  engine = await openTestEngine({ fetch: createRegistryHandler(registry) })
})
afterAll(() => engine[Symbol.asyncDispose]())

const host = 'registry.example.test'
const named = (name: string): string => `${host}/${name}`

async function pushImage(repository: string, architecture: string): Promise<Descriptor> {
  const target = registry.repository(repository)
  const config = { os: 'linux', architecture, created: '2020-01-01T00:00:00Z' }
  const { descriptor } = await createImage(target, { config, layers: [] })
  await target.tag(architecture, descriptor)
  return descriptor
}

/** An index with an image for each architecture, and an attestation of each. */
async function pushAttested(repository: string): Promise<Index> {
  const target = registry.repository(repository)
  const images: Descriptor[] = []
  const attestations: Descriptor[] = []
  for (const architecture of ['amd64', 'arm64']) {
    const image = await pushImage(repository, architecture)
    images.push({ ...image, platform: { os: 'linux', architecture } })
    const claim = { predicateType: 'https://slsa.dev/provenance/v1', predicate: { architecture } }
    const subjects = [subjectOf('_', image.digest)]
    const parts = { image, attestations: [claim], subjects, isArtifact: true }
    attestations.push(await writeAttestations(target, parts))
  }
  const manifests = [...images, ...attestations]
  const index: Index = { schemaVersion: 2, mediaType: mediaType.ociIndex, manifests }
  const raw = Buffer.from(JSON.stringify(index))
  const hasher = new Bun.CryptoHasher('sha256').update(raw).digest('hex')
  const descriptor = { mediaType: mediaType.ociIndex, digest: `sha256:${hasher}`, size: raw.length }
  await target.write(descriptor as Descriptor, fromBuffer(raw))
  await target.tag('all', descriptor as Descriptor)
  return index
}

async function indexOf(repository: string, tag: string): Promise<Index> {
  const target = registry.repository(repository)
  const { parsed } = await readDocument(target, await target.resolve(tag))
  if (parsed.kind !== 'index') throw new Error('it is no index')
  return parsed.index
}

test('combineRemote() makes an index of images of several repositories', async () => {
  const [amd64, arm64] = [await pushImage('one', 'amd64'), await pushImage('two', 'arm64')]
  const sources = [named('one:amd64'), named('two:arm64')]
  const combined = await combineRemote(engine, sources, {
    tags: [named('made:1'), named('made:2')],
  })
  await combined.push()
  const { manifests } = await indexOf('made', '2')
  expect(manifests).toEqual([
    { ...amd64, platform: { architecture: 'amd64', os: 'linux' } },
    { ...arm64, platform: { architecture: 'arm64', os: 'linux' } },
  ])
  expect((await registry.repository('made').resolve('1')).digest).toBe(combined.descriptor.digest)
})

test('combineRemote() copies a single index with its attestations unchanged', async () => {
  await pushAttested('attested')
  const from = await registry.repository('attested').resolve('all')
  const combined = await combineRemote(engine, [named('attested:all')], { tags: [named('copy:1')] })
  await combined.push()
  expect((await registry.repository('copy').resolve('1')).digest).toBe(from.digest)
  const { platforms } = await inspectRemote(engine, named('copy:1'))
  const found = (await platforms()).map(({ platform, attestations }) => [platform, attestations])
  const claim = (architecture: string) => [
    { predicateType: 'https://slsa.dev/provenance/v1', predicate: { architecture } },
  ]
  expect(found).toEqual([
    ['linux/amd64', claim('amd64')],
    ['linux/arm64', claim('arm64')],
  ])
})

test('combineRemote() keeps platforms with their attestations, and adds annotations', async () => {
  const { manifests } = await pushAttested('chosen')
  const { raw } = await combineRemote(engine, [named('chosen:all')], {
    tags: [],
    platforms: [parsePlatform('linux/arm64')],
    annotations: [{ places: ['index', 'manifest-descriptor'], key: 'a', value: 'b' }],
  })
  const [, arm64, , attestation] = manifests
  const index = parseIndex(raw)
  expect(index.annotations).toEqual({ a: 'b' })
  expect(index.manifests).toEqual([{ ...arm64, annotations: { a: 'b' } }, attestation] as never)
})

test('combineRemote() takes a digest in the repository of the first source', async () => {
  const { digest } = await pushImage('own', 'arm64')
  await pushImage('own', 'amd64')
  const { raw } = await combineRemote(engine, [named('own:amd64'), digest], { tags: [] })
  expect(parseIndex(raw).manifests.map(({ platform }) => platform?.architecture)).toEqual([
    'amd64',
    'arm64',
  ])
})

test('combineRemote() copies a single image as it is when no index is preferred', async () => {
  const image = await pushImage('single', 'amd64')
  const options = { tags: [], prefersIndex: false }
  const combined = await combineRemote(engine, [named('single:amd64')], options)
  expect(combined.descriptor.digest).toBe(image.digest)
})

test('combineRemote() refuses what no document can have', async () => {
  await pushImage('few', 'amd64')
  const combine = (options: object) =>
    combineRemote(engine, [named('few:amd64')], { tags: [], ...options })
  const platforms = [parsePlatform('linux/s390x')]
  await expect(combine({ platforms })).rejects.toThrow('no source has an image for linux/s390x')
  const annotations = [{ places: ['manifest'], key: 'a', value: 'b' }]
  await expect(combine({ annotations })).rejects.toThrow('the annotation a is not for the index')
  const tags = [`${named('few')}@sha256:${'a'.repeat(64)}`]
  const combined = await combineRemote(engine, [named('few:amd64')], { tags })
  await expect(combined.push()).rejects.toThrow('has a digest in place of a tag')
})

test('combineRemote() writes what a descriptor says about a manifest of the first repository', async () => {
  const { digest, size } = await pushImage('one', 'amd64')
  const platform = { os: 'linux', architecture: 'riscv64' }
  const described = { digest, size, platform, annotations: { a: 'b' } }
  const combined = await combineRemote(engine, [described], { tags: [named('one:described')] })
  await combined.push()
  const { manifests } = await indexOf('one', 'described')
  expect(manifests).toMatchObject([{ digest, platform, annotations: { a: 'b' } }])
  const wrong = combineRemote(engine, [{ digest, size: 1 }], { tags: [named('one:wrong')] })
  await expect(wrong).rejects.toThrow(`${digest} has ${size} bytes, not 1`)
})
