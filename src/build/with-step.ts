import type { Emit } from '#stream'

/**
 * Shows work of the builder itself as a step. The name of the step is its ID. Work that fails after
 * `signal` was aborted is shown as canceled.
 */
export async function withStep<T>(
  name: string,
  emit: Emit,
  work: () => Promise<T>,
  signal?: AbortSignal | undefined,
): Promise<T> {
  const step = { type: 'step', id: name, name } as const
  const begin = performance.now()
  emit({ ...step, state: 'started' })
  try {
    const result = await work()
    emit({ ...step, state: 'done', duration: performance.now() - begin })
    return result
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const duration = performance.now() - begin
    if (signal?.aborted === true) emit({ ...step, state: 'canceled', duration })
    else emit({ ...step, state: 'failed', duration, error: message.split('\n', 1)[0] ?? '' })
    throw error
  }
}
