import { GrpcError } from '#grpc'
import type { Bytes } from '#stream'
import type { ReturnRequest } from './messages/bridge.ts'
import type { SolveRequest } from './messages/control.ts'
import { StatusLog } from './progress/status-log.ts'

/** Milliseconds that a client may take between the first and the last call that begin a build. */
const patience = 20_000

/** Milliseconds in which the progress of an ended build can be read still. */
const memory = 15_000

/**
 * One build of a client. The calls that belong to it come in any order on any connection, so the
 * first of them makes the job.
 */
export class Job {
  readonly ref: string
  readonly log: StatusLog = new StatusLog()
  readonly startedAt: Date = new Date()
  /** The context, when it came with the request of HTTP that began the build. */
  archive: Bytes | undefined
  readonly #request: PromiseWithResolvers<SolveRequest> = Promise.withResolvers()
  readonly #returned: PromiseWithResolvers<ReturnRequest> = Promise.withResolvers()
  readonly #abort: AbortController = new AbortController()
  #asked: SolveRequest | undefined

  constructor(ref: string) {
    this.ref = ref
    this.#request.promise.catch(() => {})
    this.#returned.promise.catch(() => {})
  }

  /** Aborts when the client has left or the build has ended. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Whether the build runs now. */
  get isRunning(): boolean {
    return this.#asked !== undefined && !this.signal.aborted
  }

  /** Whether the build is a question of a client to itself, which is not recorded. */
  get isInternal(): boolean {
    return this.#asked?.Internal === true
  }

  begin(request: SolveRequest): void {
    if (this.#asked !== undefined) {
      throw new GrpcError('ALREADY_EXISTS', `Cannot build ${this.ref}: it runs already`)
    }
    this.#asked = request
    this.#request.resolve(request)
  }

  /** The client has driven the build to its end. */
  finish(returned: ReturnRequest): void {
    this.#returned.resolve(returned)
  }

  /** Resolves with what the client wants, when it has said that. */
  async request(signal: AbortSignal): Promise<SolveRequest> {
    const problem = new GrpcError(
      'NOT_FOUND',
      `Cannot find the build ${this.ref}: it has not begun`,
    )
    return await within(this.#request.promise, signal, { milliseconds: patience, problem })
  }

  async returned(signal: AbortSignal): Promise<ReturnRequest> {
    return await within(this.#returned.promise, signal)
  }

  end(reason: unknown): void {
    this.log.end()
    this.#abort.abort(reason)
    this.#request.reject(reason)
    this.#returned.reject(reason)
  }
}

/** The builds of all clients of a server. */
export class Jobs {
  readonly #listeners = new Set<(ref: string) => void>()
  readonly #jobs = new Map<string, { readonly job: Job; users: number }>()

  /** Returns the job of a build for one call. It is forgotten some time after its last call. */
  use(ref: string): { readonly job: Job } & Disposable {
    if (ref === '') throw new GrpcError('INVALID_ARGUMENT', 'Cannot build without a reference')
    const entry = this.#jobs.get(ref) ?? { job: new Job(ref), users: 0 }
    this.#jobs.set(ref, entry)
    entry.users += 1
    return {
      job: entry.job,
      [Symbol.dispose]: () => {
        entry.users -= 1
        if (entry.users === 0) setTimeout(() => this.#forget(ref), memory).unref()
      },
    }
  }

  /** True for a build that runs, or that has ended a short time ago. */
  has(ref: string): boolean {
    return this.#jobs.has(ref)
  }

  /** The builds that run now, without questions of clients to themselves. */
  running(): readonly Job[] {
    const jobs = [...this.#jobs.values()].map(({ job }) => job)
    return jobs.filter((job) => job.isRunning && !job.isInternal)
  }

  /** Ends a build for all its calls. */
  end(job: Job, reason: unknown): void {
    job.end(reason)
    if (!job.isInternal) for (const tell of this.#listeners) tell(job.ref)
  }

  /** Yields the references of builds that end from now on, until `signal` aborts. */
  ends(signal: AbortSignal): AsyncGenerator<string> {
    const refs: string[] = []
    let wake = Promise.withResolvers<void>()
    const tell = (ref: string): void => {
      refs.push(ref)
      wake.resolve()
    }
    this.#listeners.add(tell)
    const stop = (): void => {
      this.#listeners.delete(tell)
      wake.resolve()
    }
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    async function* read(): AsyncGenerator<string> {
      while (true) {
        yield* refs.splice(0)
        if (signal.aborted) return
        await wake.promise
        wake = Promise.withResolvers()
      }
    }
    return read()
  }

  #forget(ref: string): void {
    if (this.#jobs.get(ref)?.users === 0) this.#jobs.delete(ref)
  }
}

interface Limit {
  readonly milliseconds: number
  readonly problem: Error
}

/** Waits until `signal` is aborted, and no longer than the limit. */
async function within<T>(promise: Promise<T>, signal: AbortSignal, limit?: Limit): Promise<T> {
  signal.throwIfAborted()
  const { promise: stopped, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  const timer = limit && setTimeout(() => reject(limit.problem), limit.milliseconds)
  try {
    return await Promise.race([promise, stopped])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}
