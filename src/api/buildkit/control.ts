import { GrpcError, type Method, serverStream, unary } from '#grpc'
import { exportBuild } from './export-build.ts'
import { findPending, solveFrontend } from './frontend.ts'
import type { Job } from './jobs.ts'
import type { ReturnRequest } from './messages/bridge.ts'
import * as control from './messages/control.ts'
import type { PendingBuild } from './pending-build.ts'
import { buildFailure } from './progress/failure.ts'
import { releaseResults } from './run-build.ts'
import type { Services } from './services.ts'
import { replayBuild } from './store/history.ts'
import { buildkitVersion, describeWorker } from './workers.ts'

/** `moby.buildkit.v1.Control`, as far as it is about running builds. */
export function controlMethods(services: Services): readonly Method[] {
  const { engine, jobs } = services
  return [
    unary(control.Info, async () => ({ buildkitVersion })),
    unary(control.ListWorkers, async () => ({ record: [await describeWorker(engine)] })),
    unary(control.Solve, async (request, call) => {
      using used = jobs.use(request.Ref)
      const { signal } = call
      return { ExporterResponse: await solveJob(services, used.job, request, signal) }
    }),
    serverStream(control.Status, async function* ({ Ref }, { signal }) {
      if (!jobs.has(Ref)) {
        const recorded = await replayBuild(engine, Ref)
        if (recorded !== undefined) return yield* recorded
      }
      using used = jobs.use(Ref)
      yield* used.job.log.read(signal)
    }),
  ]
}

/** Runs one build from its beginning to its end. It ends at once when the client leaves. */
export async function solveJob(
  services: Services,
  job: Job,
  request: control.SolveRequest,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  job.begin(request)
  const finish = services.begin()
  const leave = (): void => services.jobs.end(job, signal.reason)
  signal.addEventListener('abort', leave, { once: true })
  try {
    refuseUnknown(request)
    const pending = await resultOf(services, job, request)
    return pending === undefined ? {} : await exportBuild(services, pending)
  } catch (error) {
    throw buildFailure(error)
  } finally {
    signal.removeEventListener('abort', leave)
    if (!job.signal.aborted) {
      services.jobs.end(job, new GrpcError('CANCELLED', 'the build has ended'))
    }
    try {
      await releaseResults(services, job)
    } finally {
      finish()
    }
  }
}

/** Refuses what would change the meaning of a build if it were ignored. */
function refuseUnknown({
  SourcePolicySession,
  EnableSessionExporter,
  ProxyNetwork,
}: control.SolveRequest): void {
  const reason =
    SourcePolicySession !== ''
      ? 'policies that a client decides about itself are not supported'
      : EnableSessionExporter
        ? 'exporters of clients are not supported'
        : ProxyNetwork
          ? 'a proxy for policies is not supported'
          : undefined
  if (reason !== undefined) throw new GrpcError('UNIMPLEMENTED', `Cannot build: ${reason}`)
}

/** A client drives the build itself, unless it names a frontend. */
async function resultOf(
  services: Services,
  job: Job,
  request: control.SolveRequest,
): Promise<PendingBuild | undefined> {
  const { Frontend, FrontendAttrs, FrontendInputs, Definition } = request
  if (Frontend === '' && (Definition?.def.length ?? 0) === 0) {
    const returned = await job.returned(job.signal)
    return returnedResult(services, returned)
  }
  const { ref } = await solveFrontend(services, job, {
    frontend: Frontend,
    attributes: FrontendAttrs,
    inputs: FrontendInputs,
    definition: Definition,
    evaluates: false,
  })
  return ref?.id === undefined ? undefined : findPending(services, ref.id)
}

function returnedResult(
  services: Services,
  { result, error }: ReturnRequest,
): PendingBuild | undefined {
  if (error !== undefined) {
    throw new GrpcError('UNKNOWN', error.message, { details: error.details })
  }
  const id = result?.ref?.id ?? ''
  return id === '' ? undefined : findPending(services, id)
}
