import { type Method, type ServerCall, unary } from '#grpc'
import { findPending, solveFrontend } from './frontend.ts'
import type { Job } from './jobs.ts'
import * as bridge from './messages/bridge.ts'
import { buildFailure } from './progress/failure.ts'
import { evaluate } from './run-build.ts'
import type { Services } from './services.ts'
import { buildCaps, describeWorker, frontendCaps } from './workers.ts'

/** `moby.buildkit.v1.frontend.LLBBridge`: through it, a client drives a build itself. */
export function bridgeMethods(services: Services): readonly Method[] {
  const { engine } = services
  return [
    unary(bridge.Ping, async () => ({
      FrontendAPICaps: frontendCaps.map(offered),
      LLBCaps: buildCaps.map(offered),
      Workers: [await describeWorker(engine)],
    })),
    unary(bridge.Solve, (request, call) =>
      inJob(services, call, async (job) => ({
        result: await solveFrontend(services, job, {
          frontend: request.Frontend,
          attributes: request.FrontendOpt,
          inputs: request.FrontendInputs,
          definition: request.Definition,
          evaluates: request.Evaluate,
        }),
      })),
    ),
    unary(bridge.Evaluate, (request, call) =>
      inJob(services, call, async () => {
        await evaluate(services, findPending(services, request.Ref))
        return {}
      }),
    ),
    unary(bridge.Return, (request, call) =>
      inJob(services, call, async (job) => {
        job.finish(request)
        return {}
      }),
    ),
  ]
}

function offered(ID: string): { readonly ID: string; readonly Enabled: true } {
  return { ID, Enabled: true }
}

/** Runs one call of a build that the metadata names. */
async function inJob<T>(
  { jobs }: Services,
  { metadata }: ServerCall,
  work: (job: Job) => Promise<T>,
): Promise<T> {
  using used = jobs.use(metadata.first('buildkit-controlapi-buildid') ?? '')
  try {
    return await work(used.job)
  } catch (error) {
    throw buildFailure(error)
  }
}
