import type { NetworkKind, PortRequest } from '#network'
import type { Digest, Healthcheck, RunConfig } from '#oci'
import type { ResourceOptions, Rlimit, SecurityOptions } from '#runtime'
import type { MountRequest } from './mount-request.ts'

/** What a container needs to know of its image. */
export interface ContainerImage {
  /** As the user wrote it; `ps` prints it. */
  readonly reference: string
  /** Of the manifest, when there is one. */
  readonly digest?: Digest
  /** Of the config: the image ID. */
  readonly id: Digest
  /** `null` for an image without layers. */
  readonly chainId: Digest | null
  readonly config: RunConfig
}

export interface RestartPolicy {
  readonly name: 'no' | 'on-failure' | 'always' | 'unless-stopped'
  /** For `on-failure`; 0 is no limit. */
  readonly maximumRetryCount: number
}

export interface LogOptions {
  readonly driver?: 'json-file' | 'none'
  /** Bytes after which the file is set aside. Default 10 MiB. */
  readonly maxSize?: number
  /** Files kept, the current one included. Default 3. */
  readonly maxFile?: number
}

/** Everything `run` and `create` can ask for; what is absent comes from the image or is Docker's default. */
export interface ContainerOptions {
  readonly image: ContainerImage
  readonly name?: string
  readonly hostname?: string
  /** Replaces the image's CMD. */
  readonly command?: readonly string[]
  /** Replaces the image's ENTRYPOINT and CMD; empty takes them away. */
  readonly entrypoint?: readonly string[]
  /** `NAME=value`; a bare `NAME` takes the variable away. */
  readonly env?: readonly string[]
  readonly workingDir?: string
  readonly user?: string
  readonly groupAdd?: readonly string[]
  readonly tty?: boolean
  /** Keep standard input open (`-i`). */
  readonly interactive?: boolean | undefined
  /**
   * The first sender whose input ends closes the input of the container: as
   * Docker's StdinOnce. Otherwise it stays open for the next sender. Default: as
   * `interactive`, and false for a container that is started in the background.
   */
  readonly stdinOnce?: boolean | undefined
  /** Remove the container when it ends (`--rm`). */
  readonly remove?: boolean
  readonly restart?: RestartPolicy
  readonly labels?: Readonly<Record<string, string>>
  readonly stopSignal?: string
  /** Seconds. */
  readonly stopTimeout?: number
  readonly init?: boolean
  readonly readOnly?: boolean
  readonly security?: SecurityOptions
  readonly resources?: ResourceOptions
  readonly sysctls?: Readonly<Record<string, string>>
  readonly rlimits?: readonly Rlimit[]
  readonly oomScoreAdj?: number
  readonly mounts?: readonly MountRequest[]
  /** Bytes. */
  readonly shmSize?: number
  readonly network?: NetworkKind
  readonly ip?: string
  readonly ports?: readonly PortRequest[]
  /** Publish every port the image exposes (`-P`). */
  readonly publishAll?: boolean
  readonly extraHosts?: readonly { readonly name: string; readonly ip: string }[]
  readonly dns?: readonly string[]
  readonly dnsSearch?: readonly string[]
  readonly dnsOptions?: readonly string[]
  readonly pid?: 'private' | 'host'
  readonly ipc?: 'private' | 'host'
  /** Overrides of the image's HEALTHCHECK, field by field. */
  readonly health?: Healthcheck
  readonly log?: LogOptions
}
