import type { Emit } from '#stream'

/** Shows work of the builder itself as a step. The name of the step is its ID. */
export async function withStep<T>(name: string, emit: Emit, work: () => Promise<T>): Promise<T> {
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
    emit({ ...step, state: 'failed', duration, error: message.split('\n', 1)[0] ?? '' })
    throw error
  }
}
