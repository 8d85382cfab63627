/** Filling a volume from an image. */
export { fillVolume } from './fill.ts'
/** Where volumes lie, and what they are called. */
export { anonymousVolume, isVolumeName, makeVolume, volumeData, volumePath } from './place.ts'
