import { remembered } from '#platform/remembered/remembered'
import { containerPaths, type StatePlace } from '../model/context.ts'
import type { Container } from '../model/record.ts'
import { directSource } from '../model/state.ts'

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
