import type { ProxiedPort } from '#network'
import type { Digest, Healthcheck } from '#oci'
import type { WindowSize } from '#platform'
import type { RuntimeProgram } from '#runtime'
import type { OutputStream, RestartPolicy } from '../model/options.ts'
import type { ContainerSettings } from '../model/settings.ts'
import { readJson } from '../model/state.ts'

/** What a monitor has to do: `order.json` in the container's directory, next to the bundle's `config.json`. */
export interface MonitorOrder {
  readonly id: string
  /** `$STRAKE_ROOT` and `$STRAKE_RUN`. */
  readonly root: string
  readonly run: string
  readonly runtime: RuntimeProgram
  readonly terminal: boolean
  readonly consoleSize?: WindowSize
  readonly interactive: boolean
  /** The first sender whose input ends closes the input of the container. */
  readonly stdinOnce: boolean
  readonly restart: RestartPolicy
  readonly log: ContainerSettings['log']
  readonly health?: Healthcheck
  /** For the shell form of the health check. */
  readonly shell: readonly string[]
  /** Remove the container when it has ended. */
  readonly remove: boolean
  /** Whether there is a network to leave. */
  readonly bridged: boolean
  /** Ports that the monitor serves. */
  readonly proxied: readonly ProxiedPort[]
  /** What the root file system stands on, to be unmounted at the end. */
  readonly chainId: Digest | null
  readonly overlays: readonly string[]
  /** Volumes that go with the container. */
  readonly anonymousVolumes: readonly string[]
  /** Start only when somebody listens to the output: the terminal that asked for it. */
  readonly awaitClient: boolean
}

export function readOrder(path: string): MonitorOrder {
  const order = readJson(path)
  if (order === undefined || !('id' in order)) throw new TypeError(`no order at ${path}`)
  return order as MonitorOrder
}

/** Descriptors of the command that started a container and stays with it. */
export interface ForegroundDescriptors {
  readonly stdin?: number | undefined
  readonly stdout?: number | undefined
  readonly stderr?: number | undefined
}

/** What a monitor tells whoever started it, one JSON line each. */
export type MonitorReport =
  /** Ready for clients, and waiting for the first. */
  | { readonly type: 'listening' }
  | { readonly type: 'started' }
  /** A stream of the command can be written no more; the container goes on. */
  | { readonly type: 'output-lost'; readonly stream: OutputStream; readonly code: string }
  | { readonly type: 'failed'; readonly exitCode: number; readonly message: string }
  /** Ended for good, everything cleaned up. */
  | { readonly type: 'exited'; readonly code: number; readonly oomKilled: boolean }

/** What it is told, one JSON line each. */
export type MonitorCommand =
  | {
      readonly type: 'start'
      readonly directory: string
      /** Descriptors of the monitor that are the streams of the command in the foreground. */
      readonly streams: ForegroundDescriptors
    }
  | { readonly type: 'signal'; readonly signal: string }
