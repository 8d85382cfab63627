import type { ContainerMount } from '#runtime'

/** A mount that the user requested. Its source is not resolved yet. */
export interface MountRequest {
  readonly type: 'bind' | 'volume' | 'tmpfs'
  /** Host path, or volume name; absent for a tmpfs and an anonymous volume. */
  readonly source?: string
  /** Absolute path in the container. */
  readonly destination: string
  readonly readOnly?: boolean
  readonly propagation?: ContainerMount['propagation'] | undefined
  /** Mount options of a tmpfs. */
  readonly options?: readonly string[]
  /** Make the host directory of a bind when it is missing, as `-v` does. */
  readonly createSource?: boolean
  /** Leave a new volume empty instead of filling it from the image. */
  readonly noCopy?: boolean
  /** Requested by `--tmpfs`, which `inspect` shows in another place than `--mount type=tmpfs`. */
  readonly byTmpfsFlag?: boolean
}
