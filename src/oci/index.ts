// The documents of the image specification, and the names of images.

export type { Annotations } from './annotations.ts'
// Chain IDs: names of the file systems that layers make.
export { chainAbove, chainId, chainIds } from './chain-id.ts'
// The image configuration, and the layers it describes.
export type { Healthcheck, HistoryEntry, ImageConfig, Layer, RunConfig } from './config.ts'
export { layersOf, parseConfig } from './config.ts'
// Descriptors: references to content.
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
// Checked access to the members of a parsed document.
export { Fields } from './fields.ts'
// References: the names of images that users type.
export type { ImageName } from './image-name.ts'
export {
  digestName,
  parseImageName,
  recordedName,
  restoredName,
  toImageName,
} from './image-name.ts'
// Reading untrusted JSON, and writing JSON like Go.
export { encodeJson, formatGoJson, parseJson } from './json.ts'
// Limits on untrusted documents.
export { limits } from './limits.ts'
// Manifests and indexes.
export type { Index, Manifest, ManifestOrIndex } from './manifest.ts'
export { documentType, parseIndex, parseManifest, parseManifestOrIndex } from './manifest.ts'
// Media types: the kind of document or archive that a descriptor names.
export {
  isConfigType,
  isIndexType,
  isLayerType,
  isManifestType,
  isSchema1Type,
  layerCompression,
  mediaType,
} from './media-type.ts'
// Package URLs: names of packages and images in attestations.
export { formatPackageUrl, type PackageUrl, parsePackageUrl } from './package-url.ts'
// Operating system, architecture, variant.
export type { Platform } from './platform.ts'
export { formatPlatform, normalizePlatform, parsePlatform } from './platform.ts'
// Choosing a manifest of an index by platform.
export { isRunnable, matchPlatform, refusePlatform, subjectAnnotation } from './platform-match.ts'
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
