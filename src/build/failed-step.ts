import type { BuildOptions } from './options.ts'
import type { Workspace } from './step/workspace.ts'

/** Runs steps. Before it throws the error of a RUN that failed, it calls `onFailedStep`. */
export async function withFailedStep<T>(
  { failed = [] }: Pick<Workspace, 'failed'>,
  { onFailedStep, signal }: Pick<BuildOptions, 'onFailedStep' | 'signal'>,
  work: () => Promise<T>,
): Promise<T> {
  await using stack = new AsyncDisposableStack()
  try {
    return await work()
  } catch (error) {
    for (const step of failed) stack.use(step)
    const [first] = failed
    if (first !== undefined && signal?.aborted !== true) await onFailedStep?.(first)
    throw error
  }
}
