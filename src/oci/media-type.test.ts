import { expect, test } from 'bun:test'
import {
  isConfigType,
  isIndexType,
  isLayerType,
  isManifestType,
  layerCompression,
  mediaType,
} from './media-type.ts'

const kinds: Record<string, keyof typeof predicates | undefined> = {
  [mediaType.ociManifest]: 'manifest',
  [mediaType.dockerManifest]: 'manifest',
  [mediaType.ociIndex]: 'index',
  [mediaType.dockerManifestList]: 'index',
  [mediaType.ociConfig]: 'config',
  [mediaType.dockerConfig]: 'config',
  [mediaType.ociLayer]: 'layer',
  [mediaType.ociLayerGzip]: 'layer',
  [mediaType.ociLayerZstd]: 'layer',
  [mediaType.dockerLayer]: 'layer',
  [mediaType.dockerLayerGzip]: 'layer',
  [mediaType.dockerForeignLayer]: 'layer',
  'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip': 'layer',
  [mediaType.empty]: undefined,
  'application/vnd.oci.image.layer.v1.tar+gzip; charset=x': undefined,
  'application/json': undefined,
}
const predicates = {
  manifest: isManifestType,
  index: isIndexType,
  config: isConfigType,
  layer: isLayerType,
}

for (const [type, kind] of Object.entries(kinds)) {
  test(`${type} is ${kind ?? 'no known kind'}`, () => {
    const matching = Object.entries(predicates).filter(([, accepts]) => accepts(type))
    expect(matching.map(([name]) => name)).toEqual(kind === undefined ? [] : [kind])
  })
}

test('layerCompression() reads the suffix of either family', () => {
  expect(layerCompression(mediaType.ociLayer)).toBe('none')
  expect(layerCompression(mediaType.dockerLayer)).toBe('none')
  expect(layerCompression(mediaType.ociLayerGzip)).toBe('gzip')
  expect(layerCompression(mediaType.dockerForeignLayer)).toBe('gzip')
  expect(layerCompression(mediaType.ociLayerZstd)).toBe('zstd')
})
