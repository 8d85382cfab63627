import { expect, test } from 'bun:test'
import { limits } from './limits.ts'
import { parseIndex, parseManifest, parseManifestOrIndex } from './manifest.ts'
import { mediaType } from './media-type.ts'
import { sha256 } from './sha256.ts'

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
const blob = (type: string, text: string) => ({
  mediaType: type,
  digest: sha256(text),
  size: text.length,
})
const config = blob(mediaType.ociConfig, 'config')
const layer = blob(mediaType.ociLayerGzip, 'layer')
const manifest = { schemaVersion: 2, mediaType: mediaType.ociManifest, config, layers: [layer] }
const image = {
  ...blob(mediaType.ociManifest, 'm'),
  platform: { os: 'linux', architecture: 'arm64' },
}
const index = { schemaVersion: 2, mediaType: mediaType.ociIndex, manifests: [image] }

test('parseManifest() reads both families', () => {
  expect(parseManifest(encode(manifest), mediaType.ociManifest)).toEqual(manifest as never)
  const docker = { ...manifest, mediaType: mediaType.dockerManifest }
  expect(parseManifest(encode(docker))).toEqual(docker as never)
})

test('parseManifest() reads an OCI manifest without a media type', () => {
  const { mediaType: _, ...bare } = manifest
  expect(parseManifest(encode(bare), mediaType.ociManifest)).toEqual(bare as never)
  expect(parseManifestOrIndex(encode(bare)).kind).toBe('manifest')
})

test('parseManifest() keeps the fields of an artifact', () => {
  const artifact = {
    ...manifest,
    artifactType: 'application/vnd.example',
    subject: image,
    annotations: { Config: 'annotations may be named anything' },
  }
  expect(parseManifest(encode(artifact))).toEqual(artifact as never)
})

test('parseIndex() reads both families, and null as no manifests', () => {
  expect(parseIndex(encode(index), mediaType.ociIndex)).toEqual(index as never)
  const list = { ...index, mediaType: mediaType.dockerManifestList }
  expect(parseIndex(encode(list))).toEqual(list as never)
  expect(parseIndex(encode({ ...index, manifests: null })).manifests).toEqual([])
})

/** Documents that readers could understand differently, with the media type of their delivery. */
const ambiguous: Record<string, readonly [document: object, type?: string]> = {
  'a manifest with manifests': [{ ...manifest, manifests: [image] }],
  'an index with layers': [{ ...index, layers: [layer] }],
  'an index with a config': [{ ...index, config }],
  'an index with empty layers': [{ ...index, layers: [] }],
  'a manifest with null manifests': [{ ...manifest, manifests: null }],
  'a manifest with Manifests': [{ ...manifest, Manifests: [image] }],
  'an index with Layers': [{ ...index, Layers: [layer] }],
  'a manifest with long-s layers': [{ ...index, 'layer\u017F': [layer] }],
  'a manifest with a second MediaType': [{ ...manifest, MediaType: mediaType.ociIndex }],
  'a manifest delivered as an index': [manifest, mediaType.ociIndex],
  'an index delivered as a manifest': [index, mediaType.ociManifest],
  'an OCI manifest delivered as Docker’s': [manifest, mediaType.dockerManifest],
  'a manifest that calls itself an index': [{ ...manifest, mediaType: mediaType.ociIndex }],
  'an index that calls itself a manifest': [{ ...index, mediaType: mediaType.ociManifest }],
  'a bare manifest delivered as an index': [
    { schemaVersion: 2, config, layers: [] },
    mediaType.ociIndex,
  ],
  'a bare index delivered as a manifest': [
    { schemaVersion: 2, manifests: [] },
    mediaType.ociManifest,
  ],
  'a manifest with fsLayers': [{ ...manifest, fsLayers: [] }],
  'a manifest of another type': [{ ...manifest, mediaType: 'application/json' }],
}

for (const [name, [document, type]] of Object.entries(ambiguous)) {
  test(`parseManifestOrIndex() refuses ${name}`, () => {
    expect(() => parseManifestOrIndex(encode(document), type)).toThrow(
      expect.objectContaining({ code: 'MANIFEST_INVALID' }),
    )
  })
}

const incomplete: Record<string, object> = {
  'schemaVersion is missing': { config, layers: [] },
  'schemaVersion is 3, not 2': { ...manifest, schemaVersion: 3 },
  'schemaVersion is not an integer': { ...manifest, schemaVersion: '2' },
  'config is missing': { schemaVersion: 2, layers: [] },
  'layers is missing': { schemaVersion: 2, config },
  'layers is not an array': { ...manifest, layers: {} },
  'layers[0] is not an object': { ...manifest, layers: ['x'] },
  'layers[0].size is missing': { ...manifest, layers: [{ ...layer, size: undefined }] },
  'layers[0].size is negative': { ...manifest, layers: [{ ...layer, size: -1 }] },
  'layers[0].size is not an integer': { ...manifest, layers: [{ ...layer, size: 0.5 }] },
  'layers[0].Size differs from size only by case': { ...manifest, layers: [{ ...layer, Size: 1 }] },
  'config.digest is not a sha256': { ...manifest, config: { ...config, digest: 'sha256:../x' } },
  'config.mediaType is missing': { ...manifest, config: { ...config, mediaType: null } },
  'annotations["a"] is not a string': { ...manifest, annotations: { a: 1 } },
  'it has neither layers nor manifests': { schemaVersion: 2 },
  'it is not an object': [],
}

for (const [reason, document] of Object.entries(incomplete)) {
  test(`parseManifest() refuses a manifest because ${reason}`, () => {
    expect(() => parseManifest(encode(document))).toThrow(`Cannot read manifest: ${reason}`)
  })
}

test('parseManifest() names the old format of Docker in its error', () => {
  const old = { schemaVersion: 1, name: 'app', tag: '1', fsLayers: [{ blobSum: layer.digest }] }
  for (const type of [undefined, 'application/vnd.docker.distribution.manifest.v1+prettyjws']) {
    expect(() => parseManifest(encode(old), type)).toThrow('schema 1')
  }
  const disguised = 'application/vnd.docker.distribution.manifest.v1+json'
  expect(() => parseManifest(encode(manifest), disguised)).toThrow('schema 1')
})

test('parseManifest() and parseIndex() refuse each other’s documents', () => {
  expect(() => parseManifest(encode(index))).toThrow('it is an index')
  expect(() => parseIndex(encode(manifest))).toThrow('it is a manifest of one image')
})

test('parseManifestOrIndex() refuses documents that are too large or refer to too much', () => {
  const padded = new Uint8Array(limits.manifestSize + 1).fill(0x20)
  padded.set(encode(manifest))
  expect(() => parseManifestOrIndex(padded)).toThrow('more than 4194304')
  const wide = { ...index, manifests: Array.from({ length: limits.descriptors + 1 }, () => 0) }
  expect(() => parseManifestOrIndex(encode(wide))).toThrow('manifests has 10001 entries')
})
