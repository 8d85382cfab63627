// Images: manifest, configuration and layers.

// Imports the archive of a root filesystem.
export type { ImportTarOptions } from './archive/import.ts'
export { importTar } from './archive/import.ts'
export { loadArchive } from './archive/load.ts'
// Loads and saves archives of images.
export type { LoadedImage, LoadOptions } from './archive/loaded-image.ts'
export type { NamedImage, SaveOptions } from './archive/save.ts'
export { archiveMembers, saveImages } from './archive/save.ts'
export {
  type ReadAttestation,
  readAttestations,
  readStored,
  type StoredStatement,
  statementsAbout,
} from './attestation/read.ts'
export { retargetAttestations } from './attestation/retarget.ts'
// Attestations: claims about images, stored beside them in an index.
export type { Attestation, Subject } from './attestation/statement.ts'
export { formatStatement, predicateTypes, subjectOf } from './attestation/statement.ts'
export { annotations as attestationAnnotations } from './attestation/types.ts'
export { writeAttestations } from './attestation/write.ts'
// What differs between two images.
export { compareImages } from './compare/compare-images.ts'
export type { ImageDifference } from './compare/difference.ts'
// Compresses the layers of an image for a push.
export type { CompressImageOptions, LayerCompressor, ReadyLayer } from './compress/compress.ts'
export { compressImage, openLayerCompressor } from './compress/compress.ts'
// Where archives are cut, so that a change moves only the cuts next to it.
export { findCut } from './compress/cut.ts'
export { convertToEstargz } from './compress/estargz-image.ts'
// Makes images from layers or from documents.
export type { ImageParts } from './create.ts'
export { createImage, writeImage } from './create.ts'
// Makes an index of images for several platforms.
export type { IndexParts } from './create-index.ts'
export { createIndex } from './create-index.ts'
// The history of an image.
export type { HistoryStep } from './history.ts'
export { historyOf } from './history.ts'
// Opens an image and reads its documents.
export type { Image } from './image.ts'
export { openImage } from './image.ts'
// Layers whose bytes are known to match their diff IDs.
export { isProved, type ProvedLayers } from './proved-layers.ts'
// Unpacks layers to a filesystem.
export { type UnpackOptions, unpackImage } from './unpack.ts'
