import type { Engine } from '#engine/engine'
import type { ClosedStore } from '#engine/host/roots'
import type { Output } from './render/output.ts'

/** The surroundings of a command: outputs, signal and store. */
export interface Context {
  readonly out: Output
  readonly err: Output
  /** Aborted by SIGINT, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal
  readonly debug: boolean
  /** The exit code of the process after the command returned; 0 unless set. */
  exitCode: number
  /** Stops handling signals, because a container in the foreground receives them from now on. */
  leaveSignals(): void
  /** Opens the store on first use; `main` closes it. */
  engine(): Promise<Engine>
  /** Like `engine`, but returns a `ClosedStore` when the store cannot be opened. */
  engineOrProblem(): Promise<Engine | ClosedStore>
}
