import type { NetworkPlace, PublishedPort } from '#network'
import {
  isAlive,
  type ProcessIdentity,
  pathExists,
  readPlainFile,
  removeFile,
  renamePath,
  writeSmallFile,
} from '#platform'
import { remembered } from '#platform/remembered/remembered'
import { isFrozen } from '#runtime/cgroup'
import type { ContainerPaths, StateSource } from './context.ts'
import type { OutputStream } from './options.ts'

/** `dead` is the status of a container whose state is unknown, because its `state.json` is damaged. */
const statuses = [
  'created',
  'running',
  'paused',
  'restarting',
  'removing',
  'exited',
  'dead',
] as const

export type ContainerStatus = (typeof statuses)[number]

/** The state of a container, in `state.json`. Only its monitor writes the file while the monitor lives. */
export interface ContainerState {
  readonly status: ContainerStatus
  /** The first process of the container. */
  readonly process?: ProcessIdentity
  /** The pipes that its first process prints to; absent with a terminal. */
  readonly pipes?: OutputPipes
  /** The process that keeps its terminal or its input open if the monitor is killed. */
  readonly holder?: ProcessIdentity
  /** Its terminal or its input was lost when its monitor was killed. */
  readonly isDeaf?: boolean
  readonly monitor?: ProcessIdentity
  readonly exitCode: number
  readonly oomKilled: boolean
  /** Why it could not be started. */
  readonly error: string
  /** ISO 8601; empty before the start. */
  readonly startedAt: string
  readonly finishedAt: string
  readonly restartCount: number
  readonly network?: NetworkState
  /** The mounted root file system. */
  readonly root?: string
}

/** The identities of the pipes of a container's output. */
export type OutputPipes = Readonly<Record<OutputStream, string>>

/** The networks of a container, as they were when it was started. */
export interface NetworkState {
  /** File of the network namespace, when strake made it. */
  readonly namespace?: string | undefined
  /** The first one has the default route. */
  readonly networks: readonly NetworkPlace[]
  readonly ports: readonly PublishedPort[]
}

export const createdState: ContainerState = {
  status: 'created',
  exitCode: 0,
  oomKilled: false,
  error: '',
  startedAt: '',
  finishedAt: '',
  restartCount: 0,
}

/** The state for a damaged file. The container may still run: `findContainer` asks the monitor and the kernel. */
export const damagedState: ContainerState = {
  ...createdState,
  status: 'dead',
  error: 'its state.json is damaged',
}

/** Asks the kernel anew each time. */
export const directSource: StateSource = { readJson, isAlive, isFrozen }

/**
 * Reads `state.json`. A container that was never prepared for a start has none. The
 * status is `dead` when the file is damaged or was removed.
 */
export function readState(
  paths: Pick<ContainerPaths, 'state' | 'directory'>,
  source: StateSource = directSource,
): ContainerState {
  const read = (): ContainerState | undefined => {
    const found = source.readJson(paths.state)
    return found && toState(found)
  }
  const state = read()
  if (state !== undefined) return state
  // The first start writes the state before the bundle.
  const isExpected = pathExists(paths.state) || pathExists(`${paths.directory}/config.json`)
  return isExpected ? (read() ?? damagedState) : createdState
}

/** Returns `undefined` for a document that is not a state. */
const toState = remembered((value: object): ContainerState | undefined => {
  const found: Partial<Record<string, unknown>> = { ...value }
  const isOurs =
    statuses.some((status) => status === found['status']) &&
    // A field that an earlier version does not write has the value of a new container.
    Object.entries(createdState).every(
      ([name, one]) => found[name] === undefined || typeof found[name] === typeof one,
    )
  if (!isOurs) return undefined
  const { network } = found
  const isAttached = typeof network === 'object' && network !== null
  return {
    ...createdState,
    ...value,
    ...(isAttached && { network: { ...noNetworks, ...network } }),
  }
})

const noNetworks: NetworkState = { networks: [], ports: [] }

/** Replaces `state.json` by a rename, so that no reader sees half of it. */
export function writeState(path: string, state: ContainerState): void {
  writeJson(path, state)
}

/** A JSON object that strake wrote; `undefined` when the file is missing or damaged. */
export function readJson(path: string): object | undefined {
  try {
    const value: unknown = JSON.parse(readPlainFile(path) ?? '')
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

export function writeJson(path: string, value: object): void {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    writeSmallFile(temporary, JSON.stringify(value), 0o600)
    renamePath(temporary, path)
  } catch (error) {
    removeFile(temporary)
    throw error
  }
}
