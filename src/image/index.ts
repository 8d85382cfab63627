// Manifests, configuration and layers as one thing.

// The form of an image that is pushed.
export type { CompressImageOptions } from './compress.ts'
export { compressImage } from './compress.ts'
// Making images out of layers, and of other images.
export type { ImageParts } from './create.ts'
export { createImage, writeImage } from './create.ts'
// How an image was made.
export type { HistoryStep } from './history.ts'
export { historyOf } from './history.ts'
// An image and its documents.
export type { Image } from './image.ts'
export { openImage } from './image.ts'
// A root filesystem as an image.
export type { ImportTarOptions } from './import.ts'
export { importTar } from './import.ts'
// An image as Docker describes it.
export type { ImageInspection, InspectOptions } from './inspect.ts'
export { inspectImage } from './inspect.ts'
// Archives of images, in and out.
export type { LoadedImage, LoadOptions } from './load.ts'
export { loadArchive } from './load.ts'
export type { NamedImage } from './save.ts'
export { saveImages } from './save.ts'
// Layers as a filesystem.
export type { Arrival, UnpackOptions } from './unpack.ts'
export { unpackImage } from './unpack.ts'
