import { StrakeError } from '#oci'
import { isAlive } from '#platform'
import type { ContainerRecord, JsonDocument } from '#records'
import { isFrozen } from '#runtime'
import { type ContainerContext, containerPaths } from './context.ts'
import type { ContainerSettings } from './settings.ts'
import { type ContainerState, readState } from './state.ts'

/** A container as it is now: what was asked for, and what has become of it. */
export interface Container {
  readonly id: string
  readonly name: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly settings: ContainerSettings
  readonly state: ContainerState
}

/** Finds a container by name, id or the start of an id. Throws `NOT_FOUND`. */
export function getContainer(context: ContainerContext, nameOrId: string): Container {
  const record = context.records.containers.findByNameOrId(nameOrId)
  if (record === undefined) {
    throw new StrakeError('NOT_FOUND', `Cannot find container ${nameOrId}: there is none`, {
      remedy: 'list them with strake ps --all',
    })
  }
  return readContainer(context, record)
}

/** Newest first. */
export function listContainers(context: ContainerContext): readonly Container[] {
  return context.records.containers.list().map((record) => readContainer(context, record))
}

/** The same for a record already at hand. Needs no runtime. */
export function readContainer(
  context: Pick<ContainerContext, 'root' | 'run'>,
  record: ContainerRecord,
): Container {
  const { id, name, createdAt } = record
  const state = readState(containerPaths(context, id).state)
  return { id, name, createdAt, settings: readSettings(record), state: current(id, state) }
}

/** What a container was created with. Throws `UNSUPPORTED` for a record of another version. */
export function readSettings({
  name,
  config,
}: Pick<ContainerRecord, 'name' | 'config'>): ContainerSettings {
  if (config['version'] === 1 && Array.isArray(config['command'])) return toSettings(config)
  throw new StrakeError('UNSUPPORTED', `Cannot use container ${name}: another version made it`, {
    remedy: `remove it with strake rm ${name}`,
  })
}

/** Only `mergeSettings` of this version writes such documents. */
function toSettings(document: JsonDocument): ContainerSettings {
  const settings: unknown = document
  return settings as ContainerSettings
}

/** Whether something of the container is alive: its process, or the monitor that restarts it. */
export function isRunning({ state }: Pick<Container, 'state'>): boolean {
  return state.status === 'running' || state.status === 'paused' || state.status === 'restarting'
}

/**
 * The state file says how it was when the monitor last wrote. Pausing is in the
 * kernel, and a machine that went down could write nothing.
 */
function current(id: string, state: ContainerState): ContainerState {
  if (state.status !== 'running' && state.status !== 'restarting') return state
  const alive = [state.process, state.monitor].some((one) => one !== undefined && isAlive(one))
  if (!alive) {
    const error = 'it ended without its monitor'
    return { ...state, status: 'exited', exitCode: lostExitCode, error }
  }
  return state.status === 'running' && isFrozen(id) ? { ...state, status: 'paused' } : state
}

/** Of a container whose end nobody saw: killed, as far as anybody can tell. */
export const lostExitCode = 137
