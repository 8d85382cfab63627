import type { ProxiedPort } from '#network'
import type { Digest, Healthcheck } from '#oci'
import type { WindowSize } from '#platform'
import type { RuntimeProgram } from '#runtime'
import type { HealthAction, OutputStream, RestartPolicy } from '../model/options.ts'
import type { ContainerSettings } from '../model/settings.ts'
import { readJson } from '../model/state.ts'

/**
 * The order of a monitor: `order.json` in the container's directory, next to the
 * bundle's `config.json`.
 */
export interface MonitorOrder {
  readonly id: string
  /** `$STRAKE_ROOT` and `$STRAKE_RUN`. */
  readonly root: string
  readonly run: string
  readonly runtime: RuntimeProgram
  readonly cgroupParent?: string | undefined
  readonly terminal: boolean
  readonly consoleSize?: WindowSize | undefined
  readonly interactive: boolean
  /** The first sender whose input ends closes the input of the container. */
  readonly stdinOnce: boolean
  readonly restart: RestartPolicy
  readonly log: ContainerSettings['log']
  /** Kept with every record of the log. */
  readonly attributes?: Readonly<Record<string, string>> | undefined
  /** The fields of every entry, for a log in the journal. */
  readonly journal?: Readonly<Record<string, string>> | undefined
  readonly health?: Healthcheck | undefined
  readonly healthAction?: HealthAction | undefined
  /** The signal that asks the container to end, and the seconds after which it is killed. */
  readonly stopSignal: string
  readonly stopTimeout: number
  /** For the shell form of the health check. */
  readonly shell: readonly string[]
  /** Remove the container after its end. */
  readonly remove: boolean
  /** Whether the container is on the bridge and has to be detached from it. */
  readonly bridged: boolean
  /** The name servers for names that no container has. */
  readonly nameServers: readonly string[]
  /** Ports that the monitor serves. */
  readonly proxied: readonly ProxiedPort[]
  /** The chain and the overlays of the root file system, which is unmounted at the end. */
  readonly chainId: Digest | null
  readonly overlays: readonly string[]
  /** Volumes that are removed with the container. */
  readonly anonymousVolumes: readonly string[]
  /** The runtime compiles the built-in seccomp filter, and the result is kept for later starts. */
  readonly keepsFilter?: boolean | undefined
  /** Start only when so many clients read the output. */
  readonly awaitClients: number
}

/** The fields that an order of an earlier version may lack. A version that adds a field adds its default here. */
const orderDefaults: Partial<MonitorOrder> = {
  terminal: false,
  interactive: false,
  stdinOnce: false,
  restart: { name: 'no', maximumRetryCount: 0 },
  log: { driver: 'json-file', maxSize: 10 * 1024 * 1024, maxFile: 3 },
  stopSignal: 'SIGTERM',
  stopTimeout: 10,
  shell: ['/bin/sh', '-c'],
  remove: false,
  bridged: false,
  nameServers: [],
  proxied: [],
  chainId: null,
  overlays: [],
  anonymousVolumes: [],
  awaitClients: 0,
}

/** Also reads the order of a container that another version has started. */
export function readOrder(path: string): MonitorOrder {
  const order = readJson(path)
  if (order === undefined || !('id' in order)) throw new TypeError(`no order at ${path}`)
  return { ...orderDefaults, ...order } as MonitorOrder
}

/** The restart policy of an order, which `update` changes while the container runs. */
export function readRestartPolicy(path: string, { restart }: MonitorOrder): RestartPolicy {
  try {
    return readOrder(path).restart ?? restart
  } catch {
    // The file is lost or damaged; this process knows the policy of the start.
    return restart
  }
}

/** The descriptors of a command that runs a container in the foreground. */
export interface ForegroundDescriptors {
  readonly stdin?: number | undefined
  readonly stdout?: number | undefined
  readonly stderr?: number | undefined
}

/** A report of a monitor to the process that started it: one JSON line. */
export type MonitorReport =
  /** The monitor is ready for clients and waits for the first. */
  | { readonly type: 'listening' }
  | { readonly type: 'started' }
  /** A stream of the command can no longer be written. The container keeps running. */
  | { readonly type: 'output-lost'; readonly stream: OutputStream; readonly code: string }
  | { readonly type: 'failed'; readonly exitCode: number; readonly message: string }
  /** The container has ended, will not be restarted, and is cleaned up. */
  | { readonly type: 'exited'; readonly code: number; readonly oomKilled: boolean }

/** A command for a monitor: one JSON line. */
export type MonitorCommand =
  | {
      readonly type: 'start'
      readonly directory: string
      /** Numbers that the descriptors of the command in the foreground have in the monitor. */
      readonly streams: ForegroundDescriptors
    }
  | { readonly type: 'signal'; readonly signal: string }
