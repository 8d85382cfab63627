import { renameSync, rmSync, writeFileSync } from 'node:fs'
import type { NetworkPlace } from '#network'
import { type ProcessIdentity, readPlainFile } from '#platform'

export type ContainerStatus =
  | 'created'
  | 'running'
  | 'paused'
  | 'restarting'
  | 'removing'
  | 'exited'
  | 'dead'

/** The state of a container, in `state.json`. Only its monitor writes the file while the monitor lives. */
export interface ContainerState {
  readonly status: ContainerStatus
  /** The first process of the container. */
  readonly process?: ProcessIdentity
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

/** The networks of a container, as they were when it was started. */
export interface NetworkState {
  /** File of the network namespace, when strake made it. */
  readonly namespace?: string | undefined
  /** The first one has the default route. */
  readonly networks: readonly NetworkPlace[]
  readonly ports: readonly {
    readonly hostIp: string
    readonly hostPort: number
    readonly containerPort: number
    readonly protocol: 'tcp' | 'udp'
  }[]
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

/** Reads `state.json`. Returns the state of a container that was never started if the file is absent or damaged. */
export function readState(path: string): ContainerState {
  const value = readJson(path)
  if (value === undefined) return createdState
  return { ...createdState, ...value }
}

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
    writeFileSync(temporary, JSON.stringify(value), { mode: 0o600 })
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}
