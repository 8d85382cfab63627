import { StrakeError } from '#oci'
import { remembered } from '#platform/remembered/remembered'
import type { ContainerRecord, JsonDocument } from '#records'
import { cgroupPath } from '#runtime/cgroup'
import {
  type ContainerContext,
  containerPaths,
  type StatePlace,
  type StateSource,
} from './context.ts'
import type { ContainerSettings } from './settings.ts'
import { type ContainerState, directSource, readState } from './state.ts'

/** A container: its settings and its current state. */
export interface Container {
  readonly id: string
  readonly name: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly settings: ContainerSettings
  readonly state: ContainerState
}

/** Finds a container by name, id or the start of an id. Throws `NOT_FOUND`. */
export function getContainer(
  context: StatePlace & Pick<ContainerContext, 'records'>,
  nameOrId: string,
): Container {
  const record = context.records.containers.findByNameOrId(nameOrId)
  if (record === undefined) {
    throw new StrakeError(
      'NOT_FOUND',
      `Cannot find container ${nameOrId}: No such container: ${nameOrId}`,
      {
        remedy: 'list them with strake ps --all',
      },
    )
  }
  return readContainer(context, record)
}

/** Newest first. */
export function listContainers(context: ContainerContext): readonly Container[] {
  return context.records.containers.list().map((record) => readContainer(context, record))
}

/** Reads the container of a record. Needs no runtime. */
export function readContainer(context: StatePlace, record: ContainerRecord): Container {
  const { states = directSource } = context
  const settings = readSettings(record)
  const state = readState(containerPaths(context, record.id), states)
  return withState(record, settings, current({ id: record.id, settings, state }, states))
}

const withState = remembered(
  (
    { id, name, createdAt }: ContainerRecord,
    settings: ContainerSettings,
    state: ContainerState,
  ): Container => ({ id, name, createdAt, settings, state }),
)

/** The settings of a container. Throws `UNSUPPORTED` for a record of another version. */
export function readSettings({
  name,
  config,
}: Pick<ContainerRecord, 'name' | 'config'>): ContainerSettings {
  if (config['version'] === 1 && Array.isArray(config['command'])) return toSettings(config)
  throw new StrakeError('UNSUPPORTED', `Cannot use container ${name}: another version made it`, {
    remedy: `remove it with strake rm ${name}`,
  })
}

/**
 * What a container has that an earlier version recorded without these settings. A version that adds a setting
 * adds its default here.
 */
const settingsDefaults: Partial<ContainerSettings> = {
  user: '',
  groupAdd: [],
  tty: false,
  interactive: false,
  stdinOnce: false,
  remove: false,
  restart: { name: 'no', maximumRetryCount: 0 },
  labels: {},
  stopSignal: 'SIGTERM',
  stopTimeout: 10,
  init: false,
  readOnly: false,
  security: {},
  resources: {},
  sysctls: {},
  rlimits: [],
  oomScoreAdj: 0,
  mounts: [],
  shmSize: 64 * 1024 * 1024,
  network: 'bridge',
  ports: [],
  exposed: [],
  publishAll: false,
  volumes: [],
  extraHosts: [],
  dns: [],
  dnsSearch: [],
  dnsOptions: [],
  pid: 'private',
  ipc: 'private',
  shell: ['/bin/sh', '-c'],
  log: { driver: 'json-file', maxSize: 10 * 1024 * 1024, maxFile: 3 },
}

/** Only `mergeSettings` writes such documents, of this version or of another one. */
const toSettings = remembered((document: JsonDocument): ContainerSettings => {
  const settings: unknown = { ...settingsDefaults, ...document }
  return settings as ContainerSettings
})

/** The control group of a container. */
export function groupOf({ id, settings }: Pick<Container, 'id' | 'settings'>): string {
  return cgroupPath(id, settings.cgroupParent)
}

/** Whether the process of a container is alive, or a monitor that will restart it. */
export function isRunning({ state }: Pick<Container, 'state'>): boolean {
  return state.status === 'running' || state.status === 'paused' || state.status === 'restarting'
}

/**
 * Corrects the state that the monitor wrote last. The file never says `paused`; only the
 * kernel has that state. After a crash of the machine, the file still says `running`.
 */
function current(
  container: Pick<Container, 'id' | 'settings' | 'state'>,
  states: StateSource,
): ContainerState {
  const { state } = container
  if (state.status !== 'running' && state.status !== 'restarting') return state
  const alive = [state.process, state.monitor].some(
    (one) => one !== undefined && states.isAlive(one),
  )
  if (!alive) {
    const error = 'it ended without its monitor'
    return { ...state, status: 'exited', exitCode: lostExitCode, error }
  }
  return state.status === 'running' && states.isFrozen(groupOf(container))
    ? { ...state, status: 'paused' }
    : state
}

/** The exit code of a container that ended without a monitor: that of a killed process. */
export const lostExitCode = 137
