import type { EndpointOptions, NetworkKind, PortRequest } from '#network'
import type { Digest, Healthcheck, RunConfig } from '#oci'
import type { IpcMode, ResourceOptions, Rlimit, RuntimeProgram, SecurityOptions } from '#runtime'
import type { MountRequest, VolumesFrom } from './mount-request.ts'

/** Which of its two outputs a process writes to. */
export type OutputStream = 'stdout' | 'stderr'

/** The facts about an image that a container needs. */
export interface ContainerImage {
  /** The name that the user typed; `ps` prints it. */
  readonly reference: string
  /** The digest of the manifest. */
  readonly digest?: Digest | undefined
  /** The image ID: the digest of the config. */
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

/**
 * What happens to a container that becomes unhealthy. After `kill` its restart policy decides, after
 * `stop` it stays stopped, and `restart` starts it again whatever its policy is.
 */
export type HealthAction = 'none' | 'kill' | 'restart' | 'stop'

/** Another container, and the name by which this one finds it. */
export interface ContainerLink {
  /** Its name or ID; its ID in the settings of a container. */
  readonly container: string
  readonly alias: string
  /** The name of the other container, for `inspect`. */
  readonly name?: string | undefined
}

/** A network that a container joins when it starts. */
export interface NetworkChoice {
  /** The network's name or ID, or the beginning of its ID. */
  readonly name: string
  readonly aliases?: readonly string[] | undefined
  readonly ip?: string | undefined
  readonly ip6?: string | undefined
  readonly endpoint?: EndpointOptions | undefined
  readonly mac?: string | undefined
  /** Other containers, by names that only this container knows. */
  readonly links?: readonly ContainerLink[] | undefined
  /** The default route goes through the network with the highest one. */
  readonly gatewayPriority?: number | undefined
}

export interface LogOptions {
  /** `local` has the form of `json-file`, and keeps more by default. `journald` is the journal of the machine. */
  readonly driver?: 'json-file' | 'local' | 'journald' | 'none' | undefined
  /** Bytes after which the file is set aside. Default 10 MiB, and 20 MiB for `local`. */
  readonly maxSize?: number | undefined
  /** Files kept, the current one included. Default 3, and 5 for `local`. */
  readonly maxFile?: number | undefined
  /** Bytes of the log that wait in memory, so that the container does not wait for the log. Default: it waits. */
  readonly bufferSize?: number | undefined
  /** Names of labels and of variables whose values are kept with every record. */
  readonly labels?: readonly string[] | undefined
  readonly env?: readonly string[] | undefined
  /** The name of the container in its log: `{{.Name}}`. Default: none, and `{{.ID}}` in the journal. */
  readonly tag?: string | undefined
}

/** The options of `run` and `create`. An absent option has the value of the image or Docker's default. */
export interface ContainerOptions {
  readonly image: ContainerImage
  readonly name?: string | undefined
  readonly hostname?: string | undefined
  /** Replaces the image's CMD. */
  readonly command?: readonly string[] | undefined
  /** Replaces the image's ENTRYPOINT and CMD. An empty list removes both. */
  readonly entrypoint?: readonly string[] | undefined
  /** `NAME=value`. A bare `NAME` removes the variable. */
  readonly env?: readonly string[] | undefined
  readonly workingDir?: string | undefined
  readonly user?: string | undefined
  readonly groupAdd?: readonly string[] | undefined
  readonly tty?: boolean | undefined
  /** Keep standard input open (`-i`). */
  readonly interactive?: boolean | undefined
  /**
   * The first sender whose input ends closes the input of the container, as with Docker's
   * StdinOnce. Otherwise the input stays open for the next sender. Default: the value of
   * `interactive`; false for a container that is started in the background.
   */
  readonly stdinOnce?: boolean | undefined
  /** Remove the container when it ends (`--rm`). */
  readonly remove?: boolean | undefined
  readonly restart?: RestartPolicy | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly stopSignal?: string | undefined
  /** Seconds. */
  readonly stopTimeout?: number | undefined
  readonly init?: boolean | undefined
  readonly readOnly?: boolean | undefined
  readonly security?: SecurityOptions | undefined
  readonly resources?: ResourceOptions | undefined
  readonly sysctls?: Readonly<Record<string, string>> | undefined
  readonly rlimits?: readonly Rlimit[] | undefined
  readonly oomScoreAdj?: number | undefined
  /** Names of devices in CDI: `vendor.com/class=name`. They are found at every start. */
  readonly cdiDevices?: readonly string[] | undefined
  readonly mounts?: readonly MountRequest[] | undefined
  /** Their mounts are in `mounts` already. */
  readonly volumesFrom?: readonly VolumesFrom[] | undefined
  /** Bytes. */
  readonly shmSize?: number | undefined
  readonly network?: NetworkKind | undefined
  /** Joins the network of this container, given by its name or ID. Then `network` is `none`. */
  readonly networkOf?: string | undefined
  /** The networks to join, for the kind `bridge`. Default: the default network. */
  readonly networks?: readonly NetworkChoice[] | undefined
  /** The address on the default network. */
  readonly ip?: string | undefined
  readonly ports?: readonly PortRequest[] | undefined
  /** `80/tcp`: ports to expose beside those of the image. */
  readonly expose?: readonly string[] | undefined
  /** Publish every exposed port (`-P`). */
  readonly publishAll?: boolean | undefined
  readonly extraHosts?: readonly { readonly name: string; readonly ip: string }[] | undefined
  readonly dns?: readonly string[] | undefined
  readonly dnsSearch?: readonly string[] | undefined
  readonly dnsOptions?: readonly string[] | undefined
  readonly pid?: 'private' | 'host' | undefined
  /** Joins the PID namespace of this container, given by its name or ID. */
  readonly pidOf?: string | undefined
  readonly ipc?: IpcMode | undefined
  /** Joins the IPC namespace and the `/dev/shm` of this container, given by its name or ID. */
  readonly ipcOf?: string | undefined
  readonly uts?: 'private' | 'host' | undefined
  /** Default: `private` where the machine has cgroup v2, and `host` for a privileged container. */
  readonly cgroupns?: 'private' | 'host' | undefined
  /** The program that runs it. Default: the runtime of the machine. */
  readonly runtime?: RuntimeProgram | undefined
  /** The control group that holds that of the container. Default `/strake`. */
  readonly cgroupParent?: string | undefined
  readonly domainname?: string | undefined
  /** For the runtime. */
  readonly annotations?: Readonly<Record<string, string>> | undefined
  /** The streams to which the creating command is attached. Default: none. `inspect` shows them. */
  readonly attached?: readonly ('stdin' | OutputStream)[] | undefined
  /** Overrides of the image's HEALTHCHECK, field by field. */
  readonly health?: Healthcheck | undefined
  /** Default `none`. */
  readonly healthAction?: HealthAction | undefined
  readonly log?: LogOptions | undefined
}
