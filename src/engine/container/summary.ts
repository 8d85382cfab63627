import type { ContainerStatus, HealthStatus } from '#container'
import type { PublishedPort } from '#network'
import type { Digest } from '#oci'

/** One line of `ps`. */
export interface ContainerSummary {
  readonly id: string
  readonly name: string
  /** The reference that the user wrote when the container was made. */
  readonly image: string
  readonly imageId: string
  /** The digest of its manifest. */
  readonly imageDigest?: Digest | undefined
  readonly command: readonly string[]
  readonly created: Date
  readonly state: ContainerStatus
  readonly exitCode: number
  /** Absent before the first start. */
  readonly startedAt?: Date | undefined
  /** Absent before the first end, and if no process saw the end. */
  readonly finishedAt?: Date | undefined
  /** Ports of the host that are published for the container now. */
  readonly published: readonly PublishedPort[]
  /** `80/tcp`: ports that the running container exposes. */
  readonly exposed: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  /** Names of networks; `host` or `none`. */
  readonly networks: readonly string[]
  /** `none` without health checks. */
  readonly health: 'none' | HealthStatus
  readonly mounts: readonly ListedMount[]
}

/** A mount of a volume, of a file or directory of the host, or of an image. */
export interface ListedMount {
  readonly isVolume: boolean
  /** The name of the volume or image, or the path on the host. */
  readonly source: string
  /** The absolute path in the container. */
  readonly destination: string
}
