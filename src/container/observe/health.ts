import { sleep } from '#platform'
import { remembered } from '#platform/remembered/remembered'
import { containerPaths, type StatePlace } from '../model/context.ts'
import type { Container } from '../model/record.ts'
import { directSource } from '../model/state.ts'
import { nextWait, timingOf } from './health-timing.ts'

export type HealthStatus = 'starting' | 'healthy' | 'unhealthy'

/** The document in `health.json`, in the form of Docker's inspect. */
export interface HealthState {
  readonly Status: HealthStatus
  readonly FailingStreak: number
  readonly Log: readonly HealthProbe[]
}

export interface HealthProbe {
  readonly Start: string
  readonly End: string
  readonly ExitCode: number
  /** The first 4096 bytes. */
  readonly Output: string
}

/** The state before the first probe. */
export const freshHealth: HealthState = { Status: 'starting', FailingStreak: 0, Log: [] }

/** Returns the state of a container's health checks; `undefined` without health checks. */
export function readHealth(
  context: StatePlace,
  { id, settings }: Pick<Container, 'id' | 'settings'>,
): HealthState | undefined {
  if (settings.health === undefined) return undefined
  const { states = directSource } = context
  const state = states.readJson(containerPaths(context, id).health)
  return state === undefined ? freshHealth : toHealth(state)
}

const toHealth = remembered((state: object): HealthState => ({ ...freshHealth, ...state }))

/** Milliseconds before a probe is due, and after it, in which a client waits for its end. */
const [ahead, patience] = [50, 200]
const pause = 5

/**
 * Waits for the end of a probe of a starting container that runs now or is about to begin. Clients that
 * wait for a healthy container ask in intervals, often in the moment of the probe. Waits a quarter of a
 * second at most. Returns whether there is a new state.
 */
export async function untilProbed(
  context: StatePlace,
  container: Pick<Container, 'id' | 'settings' | 'state'>,
  signal: AbortSignal,
): Promise<boolean> {
  const { settings, state } = container
  const before = readHealth(context, container)
  if (before?.Status !== 'starting' || settings.health === undefined) return false
  const started = Date.parse(state.startedAt)
  const last = before.Log.at(-1)?.End
  const from = last === undefined ? started : Date.parse(last)
  const due = from + nextWait(timingOf(settings.health), before, from - started)
  const isNear = (): boolean => Date.now() >= due - ahead && Date.now() < due + patience
  while (isNear()) {
    await sleep(pause, signal)
    if (readHealth(context, container)?.Log.at(-1)?.End !== last) return true
  }
  return false
}
