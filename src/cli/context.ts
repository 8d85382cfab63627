import type { Engine } from '#engine/engine'
import type { ClosedStore } from '#engine/host/roots'
import type { Output } from './render/output.ts'

/** The surroundings of a command: outputs, signal and store. */
export interface Context {
  readonly out: Output
  readonly err: Output
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal
  readonly debug: boolean
  /** The process ends with this after the command returned; 0 unless set. */
  exitCode: number
  /** Stops handling signals, because a container in the foreground receives them from now on. */
  leaveSignals(): void
  /** Opens the store on first use; `main` closes it. */
  engine(): Promise<Engine>
  /** The same, but a store that cannot be opened is an answer. */
  engineOrProblem(): Promise<Engine | ClosedStore>
}
