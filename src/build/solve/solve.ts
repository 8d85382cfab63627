import type { Digest } from '#oci'
import type { Emit } from '#stream'
import { inDependencyOrder, type Vertex } from '../model/graph.ts'
import type { FileState } from '../model/state.ts'

/** The result of a vertex. */
export interface StepResult {
  readonly state: FileState
  /** True when the result was in the cache. */
  readonly isCached: boolean
}

/** Runs one vertex whose inputs are done. */
export type StepRunner = (
  vertex: Vertex,
  inputs: readonly FileState[],
  signal: AbortSignal,
) => Promise<StepResult>

export interface SolveOptions {
  /** The number of steps that run at the same time. */
  readonly concurrency: number
  /** True when the caller runs all vertices again after the failure of one. */
  readonly runsAgain?: (() => boolean) | undefined
  readonly emit: Emit
  readonly signal?: AbortSignal | undefined
}

/**
 * Computes the states of `targets` and of all vertices that they need, and returns
 * them by vertex digest. A vertex runs once, as soon as its inputs are done.
 *
 * The first failure aborts the signal of all running steps. It is thrown after all
 * of them have ended.
 */
export async function solve(
  targets: readonly Vertex[],
  run: StepRunner,
  options: SolveOptions,
): Promise<ReadonlyMap<Digest, FileState>> {
  const failed = new AbortController()
  const signal = AbortSignal.any([failed.signal, ...(options.signal ? [options.signal] : [])])
  const limit = createSemaphore(options.concurrency)
  const steps = new Map<Digest, Promise<FileState>>()

  const work = async (vertex: Vertex): Promise<FileState> => {
    const inputs = await Promise.all(vertex.inputs.map((input) => stepOf(steps, input)))
    return limit(() => runStep(vertex, inputs, run, { ...options, signal }))
  }
  for (const vertex of inDependencyOrder(...targets)) {
    const step = work(vertex)
    step.catch((error) => failed.abort(error))
    steps.set(vertex.digest, step)
  }

  await Promise.allSettled(steps.values())
  if (signal.aborted) throw signal.reason
  const states = new Map<Digest, FileState>()
  for (const [digest, step] of steps) states.set(digest, await step)
  return states
}

async function runStep(
  vertex: Vertex,
  inputs: readonly FileState[],
  run: StepRunner,
  { signal, emit, runsAgain }: SolveOptions & { readonly signal: AbortSignal },
): Promise<FileState> {
  signal.throwIfAborted()
  const step = { type: 'step', id: vertex.digest, name: vertex.name } as const
  const begin = performance.now()
  // The empty file system needs no work, so it is not shown as a step.
  if (vertex.op.kind === 'scratch') return (await run(vertex, inputs, signal)).state
  emit({ ...step, state: 'started' })
  try {
    const { state, isCached } = await run(vertex, inputs, signal)
    const duration = performance.now() - begin
    emit(isCached ? { ...step, state: 'cached' } : { ...step, state: 'done', duration })
    return state
  } catch (error) {
    const duration = performance.now() - begin
    // A step that fails after the first failure was only aborted.
    const isCanceled = signal.aborted || runsAgain?.() === true
    if (isCanceled) emit({ ...step, state: 'canceled', duration })
    else emit({ ...step, state: 'failed', duration, error: firstLine(error) })
    throw error
  }
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.split('\n', 1)[0] ?? ''
}

function stepOf(
  steps: ReadonlyMap<Digest, Promise<FileState>>,
  { digest }: Vertex,
): Promise<FileState> {
  const step = steps.get(digest)
  if (step === undefined) throw new RangeError(`Vertex ${digest} is used before it is planned`)
  return step
}

/** Lets `size` calls run at a time. Other calls wait in order. */
function createSemaphore(size: number): <T>(call: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let free = Math.max(1, size)
  return async (call) => {
    if (free > 0) free -= 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await call()
    } finally {
      const next = waiting.shift()
      if (next === undefined) free += 1
      else next()
    }
  }
}
