import type { Networks } from '#network'
import type { ProcessIdentity } from '#platform'
import type { Records } from '#records'
import type { DeviceHook, DeviceOption, Runtime } from '#runtime'
import type { Snapshotter } from '#snapshot'

/** The parts of the store and the machine that containers need. */
export interface ContainerContext extends RunningContext {
  readonly snapshots: Snapshotter
  readonly networks: Networks
  /** Finds a device by its name in CDI. Default: there are none. */
  readonly findDevice?: ((name: string) => Promise<FoundDevice | undefined>) | undefined
  /** The command line of a monitor. Default: this program in its hidden role. */
  readonly monitorCommand?: readonly [string, ...string[]]
}

/** What a device of this machine adds to a container. */
export interface FoundDevice {
  readonly nodes: readonly DeviceOption[]
  /** `NAME=value`. */
  readonly env: readonly string[]
  readonly mounts: readonly {
    readonly source: string
    readonly destination: string
    readonly readOnly: boolean
  }[]
  readonly hooks: readonly DeviceHook[]
}

/** The parts that another process in a running container needs. */
export interface RunningContext extends StatePlace {
  readonly records: Records
  readonly runtime: Runtime
}

/** Where the state of containers is. */
export interface StatePlace {
  /** `$STRAKE_ROOT`. */
  readonly root: string
  /** `$STRAKE_RUN`. */
  readonly run: string
  /** Default: every fact is read anew. */
  readonly states?: StateSource | undefined
}

/** Where the facts about containers come from that change without the caller. */
export interface StateSource {
  /** Like the function `readJson`. */
  readJson(path: string): object | undefined
  isAlive(identity: ProcessIdentity): boolean
  /** Whether the kernel has suspended the processes of a control group. */
  isFrozen(group: string): boolean
}

/** The paths of a container's files. */
export interface ContainerPaths {
  /** The bundle of the runtime and the writable layer; private, and kept until the container is removed. */
  readonly directory: string
  /** Its changes to the image, as overlayfs keeps them. */
  readonly upper: string
  readonly state: string
  /** A copy of its record in the database. */
  readonly record: string
  /** The networks that were changed while the container runs. */
  readonly networks: string
  readonly health: string
  readonly log: string
  readonly order: string
  /** Room for the state and for a request to stop when the disk is full. */
  readonly reserve: string
  /** Exists after a request to stop, so that the monitor does not restart the container. */
  readonly stopRequest: string
  /** Notes of processes that have suspended the container while they read its files. */
  readonly holds: string
  /** Empty after a reboot. */
  readonly run: string
  /** The directory where nested mounts are assembled. Not below `run`, because `run` is removed recursively. */
  readonly mounts: string
  /** The `/dev/shm` that this container shares with others. It exists while the container runs. */
  readonly memory: string
  /** The socket on which the monitor listens. */
  readonly socket: string
}

export function containerPaths(
  { root, run }: Pick<ContainerContext, 'root' | 'run'>,
  id: string,
): ContainerPaths {
  const directory = `${root}/containers/${id}`
  return {
    directory,
    upper: `${directory}/upper`,
    state: `${directory}/state.json`,
    record: `${directory}/container.json`,
    networks: `${directory}/networks.json`,
    health: `${directory}/health.json`,
    log: `${directory}/${id}-json.log`,
    order: `${directory}/order.json`,
    reserve: `${directory}/reserve`,
    stopRequest: `${directory}/stop-request`,
    holds: `${directory}/holds`,
    run: `${run}/containers/${id}`,
    mounts: `${run}/mounts/nested-${id}`,
    memory: `${run}/mounts/memory-${id}`,
    socket: `${run}/containers/${id}/monitor.sock`,
  }
}
