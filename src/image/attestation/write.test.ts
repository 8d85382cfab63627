import { expect, test } from 'bun:test'
import { createMemoryStore, readDocument } from '#content'
import { type Descriptor, mediaType, parseJson, sha256 } from '#oci'
import { toBuffer } from '#stream'
import { subjectOf } from './statement.ts'
import { writeAttestations } from './write.ts'

const digest = sha256(Buffer.from('image'))
const image: Descriptor = { mediaType: mediaType.ociManifest, digest, size: 5 }
const attestation = { predicateType: 'https://example/type', predicate: { a: 1 } }
const subjects = [subjectOf('_', digest)]

async function write(isArtifact: boolean) {
  const store = createMemoryStore()
  const attestations = [attestation]
  const descriptor = await writeAttestations(store, { image, attestations, subjects, isArtifact })
  const { parsed } = await readDocument(store, descriptor)
  if (parsed.kind !== 'manifest') throw new Error('it is an index')
  return { store, descriptor, manifest: parsed.manifest }
}

test('writeAttestations() writes an artifact with the image as its subject', async () => {
  const { descriptor, manifest, store } = await write(true)
  expect(descriptor).toMatchObject({
    annotations: {
      'vnd.docker.reference.digest': digest,
      'vnd.docker.reference.type': 'attestation-manifest',
    },
    platform: { os: 'unknown', architecture: 'unknown' },
  })
  expect(manifest).toMatchObject({
    artifactType: 'application/vnd.docker.attestation.manifest.v1+json',
    config: { mediaType: mediaType.empty, size: 2, data: 'e30=' },
    subject: image,
  })
  expect(await store.has(manifest.config)).toBe(true)
})

test('writeAttestations() writes each statement as a layer', async () => {
  const { manifest, store } = await write(true)
  const [layer, ...others] = manifest.layers
  if (layer === undefined) throw new Error('there is no layer')
  expect(others).toEqual([])
  expect(layer.mediaType).toBe('application/vnd.in-toto+json')
  expect(layer.annotations).toEqual({ 'in-toto.io/predicate-type': 'https://example/type' })
  expect(parseJson(await toBuffer(store.read(layer), layer.size), 'it')).toEqual({
    _type: 'https://in-toto.io/Statement/v1',
    predicateType: 'https://example/type',
    subject: [{ name: '_', digest: { sha256: digest.slice(7) } }],
    predicate: { a: 1 },
  })
})

test('writeAttestations() writes the older form: an image for no platform', async () => {
  const { manifest, store } = await write(false)
  expect(manifest).not.toHaveProperty('subject')
  expect(manifest).not.toHaveProperty('artifactType')
  expect(manifest.config.mediaType).toBe(mediaType.ociConfig)
  const config = await toBuffer(store.read(manifest.config), 1000)
  expect(parseJson(config, 'it')).toMatchObject({
    os: 'unknown',
    rootfs: { type: 'layers', diff_ids: manifest.layers.map((layer) => layer.digest) },
  })
})

test('writeAttestations() gives equal bytes for equal claims', async () => {
  expect((await write(true)).descriptor).toEqual((await write(true)).descriptor)
})
