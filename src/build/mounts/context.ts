import type { StepContext } from '../step/workspace.ts'

/** The parameters for opening mounts. */
export interface MountContext extends StepContext {
  /** A directory for this step alone. It is removed after the step. */
  readonly directory: string
  /** Disposed when the command has ended. */
  readonly stack: AsyncDisposableStack
}
