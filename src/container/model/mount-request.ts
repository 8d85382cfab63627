import type { Digest } from '#oci'
import type { ContainerMount } from '#runtime'

/** A mount that the user requested. Its source is not resolved yet. */
export interface MountRequest {
  readonly type: 'bind' | 'volume' | 'tmpfs' | 'image'
  /** Host path, volume or image name; absent for a tmpfs and an anonymous volume. */
  readonly source?: string
  /** Absolute path in the container. */
  readonly destination: string
  readonly readOnly?: boolean
  readonly propagation?: NonNullable<ContainerMount['propagation']>
  /** What is mounted below the source of a bind. Default: it is mounted too, as read-only as the bind. */
  readonly recursion?: 'disabled' | 'writable' | 'readonly' | undefined
  /** Mount options of a tmpfs. */
  readonly options?: readonly string[]
  /** Make the host directory of a bind when it is missing, as `-v` does. */
  readonly createSource?: boolean
  /** Leave a new volume empty instead of filling it from the image. */
  readonly noCopy?: boolean
  /** A file or directory in the volume or image. Default: all of it. */
  readonly subpath?: string | undefined
  /** Labels and options of a volume that is created. */
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly driverOptions?: Readonly<Record<string, string>> | undefined
  /** The image, resolved when the container was created. */
  readonly image?: MountedImage | undefined
  /** Set the label of SELinux: for all containers (`z`) or for this one (`Z`). */
  readonly relabel?: 'z' | 'Z' | undefined
  /** Requested by `--tmpfs`, which `inspect` shows in another place than `--mount type=tmpfs`. */
  readonly byTmpfsFlag?: boolean
  /** Requested by `--mount`, which `inspect` shows in another place than `-v`. */
  readonly byMountFlag?: boolean
  /** It is a mount of another container (`--volumes-from`). */
  readonly isInherited?: boolean
}

/** An image that is mounted. It cannot be removed while the container exists. */
export interface MountedImage {
  /** The image ID. */
  readonly id: Digest
  readonly chainId: Digest
}

/** `--volumes-from`: the volumes and bind mounts of another container. */
export interface VolumesFrom {
  /** Name or ID. */
  readonly container: string
  readonly readOnly: boolean
  /** As the user typed it; `inspect` shows it. */
  readonly text: string
}
