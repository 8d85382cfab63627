// Manifests, configuration and layers as one thing.

// A root filesystem as an image.
export type { ImportTarOptions } from './archive/import.ts'
export { importTar } from './archive/import.ts'
export { loadArchive } from './archive/load.ts'
// Archives of images, in and out.
export type { LoadedImage, LoadOptions } from './archive/loaded-image.ts'
export type { NamedImage } from './archive/save.ts'
export { saveImages } from './archive/save.ts'
// The form of an image that is pushed.
export type { CompressImageOptions } from './compress/compress.ts'
export { compressImage } from './compress/compress.ts'
// Making images out of layers, and of other images.
export type { ImageParts } from './create.ts'
export { createImage, writeImage } from './create.ts'
// How an image was made.
export type { HistoryStep } from './history.ts'
export { historyOf } from './history.ts'
// An image and its documents.
export type { Image } from './image.ts'
export { openImage } from './image.ts'
// An image as Docker describes it.
// Layers as a filesystem.
export type { ProvedLayers, UnpackOptions } from './unpack.ts'
export { isProved, unpackImage } from './unpack.ts'
