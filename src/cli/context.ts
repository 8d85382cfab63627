import type { Engine } from '#engine/engine'
import type { Output } from './render/output.ts'

/** What `main` hands to a command. */
export interface Context {
  readonly out: Output
  readonly err: Output
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal
  readonly debug: boolean
  /** The process ends with this after the command returned; 0 unless set. */
  exitCode: number
  /** From now on signals are somebody else's: a container's in the foreground. */
  leaveSignals(): void
  /** Opens the store on first use; `main` closes it. */
  engine(): Promise<Engine>
}
