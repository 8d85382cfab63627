import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { type ContentSource, openDirectoryStore, readDocument, readIndex } from '#content'
import { type Descriptor, parsePlatform, sha256 } from '#oci'
import { createMemoryRegistry, createRegistryHandler } from '#registry'
import { toBuffer } from '#stream'
import { usualProvenance } from '../attest/options.ts'
import { type BuildRequest, build } from '../build/build.ts'
import { collectGarbage } from '../collect/collect-garbage.ts'
import { getTarget } from '../image/find-target.ts'
import { pull } from '../image/pull.ts'
import { cannotContain, openTestEngine, type TestEngine } from '../testing/fixture.ts'
import type { BuildOutput } from './build-output.ts'

const registry = createMemoryRegistry()
let engine: TestEngine
let context = ''
let out = ''
let count = 0

beforeAll(async () => {
  engine = await openTestEngine({ fetch: createRegistryHandler(registry) })
  context = `${engine.directory}/context`
  mkdirSync(context)
  writeFileSync(`${context}/a`, 'text of a')
})
beforeEach(() => {
  out = `${engine.directory}/out${count++}`
})
afterAll(() => engine[Symbol.asyncDispose]())

const dockerfile = { text: 'FROM scratch\nCOPY a /\n' }
const platforms = ['amd64', 'arm64'].map(parsePlatform)
const attestations = { provenance: usualProvenance }
const image = { kind: 'image', push: false, byDigest: false, form: {} } as const

function run(output: BuildOutput, request: Partial<BuildRequest> = {}) {
  return build(engine, { context, dockerfile, outputs: [output], attestations, ...request })
}

interface Statement {
  readonly predicateType: string
  readonly subject: readonly { readonly name: string; readonly digest: { sha256: string } }[]
}

/** The images of an index, and each attestation with its statements. */
async function readAttested(source: ContentSource, root: Descriptor) {
  const { parsed } = await readDocument(source, root)
  if (parsed.kind !== 'index') throw new Error('it is no index')
  const { manifests } = parsed.index
  const images = manifests.filter(({ platform }) => platform?.os === 'linux')
  const attested = []
  for (const each of manifests.filter(({ platform }) => platform?.os === 'unknown')) {
    const document = await readDocument(source, each)
    if (document.parsed.kind !== 'manifest') throw new Error('it is an index')
    const { layers } = document.parsed.manifest
    const statements: Statement[] = []
    for (const layer of layers) {
      const raw = await toBuffer(source.read(layer), layer.size)
      statements.push(JSON.parse(Buffer.from(raw).toString()))
    }
    attested.push({ image: each.annotations?.['vnd.docker.reference.digest'], statements })
  }
  return { images, attested }
}

const readFile = (name: string) => JSON.parse(readFileSync(`${out}/${name}`, 'utf8'))

test('an image with provenance is an index whose attestation names the image', async () => {
  await run(image, { names: ['attested:1'] })
  const { descriptor } = getTarget(engine.records, 'attested:1')
  await collectGarbage(engine)
  const { images, attested } = await readAttested(engine.content, descriptor)
  const [own] = images
  expect(images).toHaveLength(1)
  expect(attested.map((each) => each.image)).toEqual([own?.digest ?? ''])
  const [statement] = attested.flatMap(({ statements }) => statements)
  expect(statement?.predicateType).toBe('https://slsa.dev/provenance/v1')
  expect(statement?.subject).toEqual([
    {
      name: expect.stringMatching(/^pkg:docker\/attested@1\?platform=linux%2F/),
      digest: { sha256: own?.digest.slice(7) ?? '' },
    },
  ])
})

test('a build without attestations makes the same image, and no index', async () => {
  await run(image, { names: ['attested:2'] })
  const index = getTarget(engine.records, 'attested:2').descriptor
  const { images } = await readAttested(engine.content, index)
  await run(image, { names: ['plain'], attestations: undefined })
  expect(getTarget(engine.records, 'plain').descriptor.digest).toBe(images[0]?.digest as never)
})

test('an image without a name is attested under the name _', async () => {
  const { digest } = await run(image, { platforms })
  const { descriptor } = getTarget(engine.records, digest)
  const { images, attested } = await readAttested(engine.content, descriptor)
  expect(images).toHaveLength(2)
  expect(attested).toHaveLength(2)
  const names = attested.flatMap(({ statements }) => statements.flatMap((each) => each.subject))
  expect(names.map(({ name }) => name)).toEqual(['_', '_'])
})

test('oci writes attestations into the archive and the directory', async () => {
  const output = { kind: 'oci', destination: out, isDirectory: true, form: {} } as const
  await run(output, { names: ['attested:3'] })
  const [root] = await readIndex(out)
  if (root === undefined) throw new Error('there is no image')
  const { attested } = await readAttested(await openDirectoryStore(out), root)
  expect(attested).toHaveLength(1)
})

test('oci-artifact=false writes the older form', async () => {
  await run({ ...image, form: { isArtifact: false } }, { names: ['attested:4'] })
  const { descriptor } = getTarget(engine.records, 'attested:4')
  const { parsed } = await readDocument(engine.content, descriptor)
  const [, attestation] = parsed.kind === 'index' ? parsed.index.manifests : []
  if (attestation === undefined) throw new Error('there is no attestation')
  expect((await readDocument(engine.content, attestation)).parsed).not.toHaveProperty(
    'manifest.subject',
  )
})

test('a pushed image has attestations about the pushed manifest', async () => {
  const name = 'registry.example.test/attested:1'
  const { digest } = await run({ ...image, push: true }, { names: [name] })
  const repository = registry.repository('attested')
  const root = await repository.resolve('1')
  expect(root.digest).toBe(digest)
  const { images, attested } = await readAttested(repository, root)
  const [own] = images
  expect(attested[0]?.image).toBe(own?.digest ?? '')
  const subjects = attested.flatMap(({ statements }) => statements.flatMap((each) => each.subject))
  expect(subjects.map((each) => each.digest.sha256)).toEqual([own?.digest.slice(7) ?? ''])
  // The layers of the provenance are the pushed ones.
  const { parsed } = await readDocument(repository, own as Descriptor)
  const layer = parsed.kind === 'manifest' ? parsed.manifest.layers[0]?.digest : undefined
  expect(layer).toBeString()
  expect(JSON.stringify(attested)).toContain(layer ?? '')
  await pull(engine, name)
})

test('a reproducible build gives the same index each time, and another one does not', async () => {
  const digests = async (isReproducible: boolean): Promise<readonly string[]> => {
    const provenance = { ...usualProvenance, isReproducible }
    const asked = { attestations: { provenance, sbom: { parameters: {} } } }
    return [(await run(image, asked)).digest, (await run(image, asked)).digest]
  }
  expect(new Set(await digests(true)).size).toBe(1)
  expect(new Set(await digests(false)).size).toBe(2)
})

test('build() returns the digests of the index in the store and of the one in the registry', async () => {
  const name = 'registry.example.test/attested:2'
  const { imageId, digest } = await run({ ...image, push: true }, { names: [name] })
  expect(imageId).toBe(getTarget(engine.records, name).descriptor.digest)
  expect(digest).toBe((await registry.repository('attested').resolve('2')).digest)
  expect(imageId).not.toBe(digest)
})

test('an image has its list of packages and its provenance in one attestation', async () => {
  const both = { ...attestations, sbom: { parameters: {} } }
  await run(image, { names: ['attested:5'], attestations: both, platforms })
  const { descriptor } = getTarget(engine.records, 'attested:5')
  const { attested } = await readAttested(engine.content, descriptor)
  const types = ['https://spdx.dev/Document', 'https://slsa.dev/provenance/v1']
  expect(
    attested.map(({ statements }) => statements.map(({ predicateType }) => predicateType)),
  ).toEqual([types, types])
})

test('Docker media types have no place for attestations', async () => {
  const refused = run({ ...image, form: { mediaTypes: 'docker' } }, { names: ['x'] })
  await expect(refused).rejects.toThrow('Cannot write attestations with oci-mediatypes=false')
})

test('complete-materials refuses a build from files of this machine', async () => {
  const provenance = { ...usualProvenance, needsMaterials: true }
  const refused = run(image, { attestations: { provenance } })
  await expect(refused).rejects.toThrow('these files of this machine have no digest: context')
})

const withRoot = test.skipIf(cannotContain !== undefined)

withRoot('local writes provenance.json about every file', async () => {
  const output = { kind: 'local', destination: out, isMirror: true } as const
  await run(output, { timestamp: 1_600_000_000 })
  expect(readdirSync(out).toSorted()).toEqual(['a', 'provenance.json'])
  expect(statSync(`${out}/provenance.json`).mtimeMs).toBe(1_600_000_000_000)
  expect(readFile('provenance.json').subject).toEqual([
    { name: 'a', digest: { sha256: sha256(Buffer.from('text of a')).slice(7) } },
  ])
})

withRoot('local names the platform in the file when it does not split them', async () => {
  const output = {
    kind: 'local',
    destination: out,
    isMirror: false,
    splitsPlatforms: false,
    attestationPrefix: 'my-',
  } as const
  await run(output, { platforms })
  expect(readdirSync(out).toSorted()).toEqual([
    'a',
    'my-provenance.linux_amd64.json',
    'my-provenance.linux_arm64.json',
  ])
})

withRoot('local writes the list of packages beside the provenance', async () => {
  const both = { ...attestations, sbom: { parameters: {} } }
  await run({ kind: 'local', destination: out, isMirror: true }, { attestations: both })
  expect(readdirSync(out).toSorted()).toEqual(['a', 'provenance.json', 'sbom.spdx.json'])
  const { predicateType, predicate } = readFile('sbom.spdx.json')
  expect(predicateType).toBe('https://spdx.dev/Document')
  expect(predicate.spdxVersion).toBe('SPDX-2.3')
})

withRoot('local writes no file for inline-only', async () => {
  const provenance = { ...usualProvenance, isInlineOnly: true }
  await run({ kind: 'local', destination: out, isMirror: true }, { attestations: { provenance } })
  expect(readdirSync(out)).toEqual(['a'])
})
