import { GrpcError } from '#grpc'
import type { Bytes } from '#stream'
import { solveJob } from './control.ts'
import type { SolveRequest } from './messages/control.ts'
import type { StatusResponse } from './messages/status.ts'
import type { Services } from './services.ts'

/** Milliseconds that a build waits for its context. */
const patience = 5_000

/** A build that was started without a call of gRPC. */
export interface StartedBuild {
  readonly status: AsyncIterable<StatusResponse>
  /** The result that the client gets. Rejects when the build fails. */
  readonly result: Promise<Readonly<Record<string, string>>>
}

/** Builds for requests of HTTP. */
export interface Builds {
  /** `archive` is the context, unless the request names another one. */
  start(request: SolveRequest, archive: Bytes | undefined, signal: AbortSignal): StartedBuild
  /**
   * Offers an archive to the build that takes it, and resolves when that has read it. Throws
   * `NOT_FOUND` when none takes it.
   */
  offerUpload(id: string, archive: Bytes, signal: AbortSignal): Promise<void>
  /** Waits for the archive of another request. Throws `NOT_FOUND`. */
  takeUpload(id: string, signal: AbortSignal): Promise<Bytes>
}

export function createBuilds(services: Services): Builds {
  const uploads = new Map<string, PromiseWithResolvers<Bytes>>()
  const uploadOf = (id: string): PromiseWithResolvers<Bytes> => {
    const known = uploads.get(id) ?? Promise.withResolvers<Bytes>()
    uploads.set(id, known)
    return known
  }
  return {
    start(request, archive, signal) {
      const used = services.jobs.use(request.Ref)
      const { job } = used
      job.archive = archive
      const result = solveJob(services, job, request, signal).finally(() => used[Symbol.dispose]())
      // A client may read only the status. A later request for the result gets this rejection.
      result.catch(() => {})
      return { status: job.log.read(signal), result }
    },
    async offerUpload(id, archive, signal) {
      const read = Promise.withResolvers<void>()
      const untaken = new GrpcError('NOT_FOUND', 'Cannot take the context: no build waits for it')
      const timer = setTimeout(() => read.reject(untaken), patience)
      async function* watched(): Bytes {
        clearTimeout(timer)
        try {
          yield* archive
        } finally {
          read.resolve()
        }
      }
      uploadOf(id).resolve(watched())
      signal.addEventListener('abort', () => read.resolve(), { once: true })
      try {
        await read.promise
      } finally {
        clearTimeout(timer)
        uploads.delete(id)
      }
    },
    async takeUpload(id, signal) {
      signal.throwIfAborted()
      const missing = new GrpcError(
        'NOT_FOUND',
        'Cannot build: the client did not send the context',
      )
      const { promise, reject } = uploadOf(id)
      const timer = setTimeout(() => reject(missing), patience)
      try {
        return await promise
      } finally {
        clearTimeout(timer)
        uploads.delete(id)
      }
    },
  }
}
