/** Copies files of an image into a volume. */

/** The options of the driver. */
export { anonymousVolume } from './anonymous.ts'
export { readDriverOptions } from './driver-options.ts'
export { fillVolume } from './fill.ts'
/** Names of volumes. */
export { isVolumeName, volumeData, volumePath } from './place.ts'
/** Mounting file systems in place of volumes. */
export {
  ownUser,
  releaseAbandoned,
  releaseVolumes,
  unmountUnused,
  useVolume,
  type VolumePlaces,
  type VolumeUser,
} from './use.ts'
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
