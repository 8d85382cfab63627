/** Copies files of an image into a volume. */
export { fillVolume } from './fill.ts'
/** Names of volumes. */
export { anonymousVolume, isVolumeName, volumeData, volumePath } from './place.ts'
/** Creating, finding, mounting and removing volumes. */
export {
  type CreateVolumeOptions,
  createVolume,
  dropAnonymous,
  getVolume,
  listVolumes,
  mountVolume,
  type RemoveVolumeOptions,
  removeLeftovers,
  removeVolume,
  type VolumeStore,
  volumeEvent,
} from './volumes.ts'
