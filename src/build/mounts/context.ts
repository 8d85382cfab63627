import type { StepContext } from '../step/workspace.ts'

/** What the mounts of a RUN are made with. */
export interface MountContext extends StepContext {
  /** Of this step alone; removed after it. */
  readonly directory: string
  /** Disposed when the command has ended. */
  readonly stack: AsyncDisposableStack
}
