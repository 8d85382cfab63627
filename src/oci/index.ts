// What images are made of: the documents of the image specification, and the names people give them.

export type { Annotations } from './annotations.ts'
// Names the filesystem that a stack of layers makes.
export { chainAbove, chainId, chainIds } from './chain-id.ts'
// The image configuration, and the layers it describes.
export type { Healthcheck, HistoryEntry, ImageConfig, Layer, RunConfig } from './config.ts'
export { layersOf, parseConfig } from './config.ts'
// How everything refers to everything.
export type { Descriptor } from './descriptor.ts'
// `algorithm:hex`, checked.
export type { Digest, DigestAlgorithm } from './digest.ts'
export { digestAlgorithm, digestHex, isDigest, parseDigest } from './digest.ts'
// The one error class and its closed set of codes.
export type {
  ErrorCode,
  NeutralErrorCode,
  RegistryErrorCode,
  StrakeErrorOptions,
} from './error.ts'
export { ContentMismatchError, isStrakeError, StrakeError } from './error.ts'
// The objects of a parsed document, field by field.
export { Fields } from './fields.ts'
// What a user types to name an image.
export type { ImageName } from './image-name.ts'
export { digestName, parseImageName, recordedName, toImageName } from './image-name.ts'
// JSON that no two readers understand differently.
export { encodeJson, parseJson } from './json.ts'
// The most strake accepts from strangers.
export { limits } from './limits.ts'
// Manifests and indexes.
export type { Index, Manifest, ManifestOrIndex } from './manifest.ts'
export { documentType, parseIndex, parseManifest, parseManifestOrIndex } from './manifest.ts'
// What kind of document or archive a descriptor names.
export {
  isConfigType,
  isIndexType,
  isLayerType,
  isManifestType,
  isSchema1Type,
  layerCompression,
  mediaType,
} from './media-type.ts'
// Operating system, architecture, variant.
export type { Platform } from './platform.ts'
export { formatPlatform, normalizePlatform, parsePlatform } from './platform.ts'
// Choosing from an index.
export { matchPlatform, selectPlatform } from './platform-match.ts'
export type { Reference } from './reference.ts'
export {
  familiarReference,
  formatReference,
  isRepositoryName,
  isTag,
  parseReference,
} from './reference.ts'
// A synchronous hash for small documents.
export { sha256 } from './sha256.ts'
