import { expect, test } from 'bun:test'
import { createMemoryStore } from '#content'
import { type Descriptor, encodeJson, mediaType, sha256 } from '#oci'
import { fromBuffer } from '#stream'
import { readAttestations } from './read.ts'
import { subjectOf } from './statement.ts'
import { writeAttestations } from './write.ts'

const digest = sha256(Buffer.from('image'))
const image: Descriptor = { mediaType: mediaType.ociManifest, digest, size: 5 }
const claim = (type: string) => ({ predicateType: type, predicate: { of: type } })

test('readAttestations() reads the statements about one image', async () => {
  const store = createMemoryStore()
  const subjects = [subjectOf('_', digest)]
  const attestations = [claim('https://a'), claim('https://b')]
  const own = await writeAttestations(store, { image, attestations, subjects, isArtifact: true })
  const other = { ...image, digest: sha256(Buffer.from('other')) }
  const parts = { image: other, attestations: [claim('https://c')], subjects, isArtifact: false }
  const manifests = [image, own, await writeAttestations(store, parts)]
  expect(await readAttestations(store, { manifests, image: digest })).toEqual(attestations)
  const isB = (type: string): boolean => type === 'https://b'
  expect(await readAttestations(store, { manifests, image: digest }, isB)).toEqual([
    claim('https://b'),
  ])
  expect(await readAttestations(store, { manifests, image: other.digest })).toEqual([
    claim('https://c'),
  ])
})

async function withLayer(type: string, content: string) {
  const store = createMemoryStore()
  const write = async (as: string, value: unknown): Promise<Descriptor> => {
    const raw = typeof value === 'string' ? Buffer.from(value) : encodeJson(value)
    const descriptor = { mediaType: as, digest: sha256(raw), size: raw.length }
    await store.write(descriptor, fromBuffer(raw))
    return descriptor
  }
  const layers = [await write(type, content)]
  const config = await write(mediaType.empty, '{}')
  const manifest = { schemaVersion: 2, mediaType: mediaType.ociManifest, config, layers }
  const descriptor = await write(mediaType.ociManifest, manifest)
  const annotations = { 'vnd.docker.reference.digest': digest }
  const manifests = [{ ...descriptor, annotations }]
  return () => readAttestations(store, { manifests, image: digest })
}

test('readAttestations() reads the payload of a signed statement', async () => {
  const payload = Buffer.from(JSON.stringify(claim('https://a'))).toString('base64')
  const read = await withLayer(
    'application/vnd.in-toto.provenance+dsse',
    JSON.stringify({ payload, signatures: [] }),
  )
  expect(await read()).toEqual([claim('https://a')])
})

test.each([
  ['{', 'it ends too early'],
  ['[]', 'it is no object'],
  ['{}', 'it has no type'],
])('readAttestations() refuses the statement %p', async (content, reason) => {
  const read = await withLayer('application/vnd.in-toto+json', content)
  await expect(read()).rejects.toThrow(reason)
})

test('readAttestations() ignores layers of other types', async () => {
  expect(await (await withLayer('application/json', '{'))()).toEqual([])
})
