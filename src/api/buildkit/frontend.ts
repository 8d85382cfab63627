import { GrpcError } from '#grpc'
import { definitionStep, loadDefinition } from './inputs/definition.ts'
import { answerSubrequest } from './inspect-build.ts'
import type { Job } from './jobs.ts'
import type { ResultDraft } from './messages/bridge.ts'
import type { Definition } from './messages/ops.ts'
import { type Attributes, checkAttributes, textOf } from './options/attributes.ts'
import { readFrontendOptions } from './options/frontend-options.ts'
import { readSources } from './options/sources.ts'
import type { PendingBuild } from './pending-build.ts'
import { BuildProgress } from './progress/build-progress.ts'
import {
  readReference,
  readRemoteSource,
  referenceDefinition,
  refuseDefinition,
} from './references.ts'
import { addRemote } from './remote-files.ts'
import { evaluate } from './run-build.ts'
import type { Services } from './services.ts'

/** A request to a frontend. */
export interface FrontendRequest {
  readonly frontend: string
  readonly attributes: Attributes
  readonly inputs: Readonly<Record<string, Definition>>
  readonly definition: Definition | undefined
  /** Whether steps run at once. */
  readonly evaluates: boolean
}

/**
 * Solves a Dockerfile: reads it, and returns a reference to a build whose steps run later. With a
 * `requestid` nothing is built, and the answer is in the metadata.
 */
export async function solveFrontend(
  services: Services,
  job: Job,
  request: FrontendRequest,
): Promise<ResultDraft> {
  const { frontend, attributes, definition } = request
  if (definition !== undefined && definition.def.length > 0) {
    const url = readRemoteSource(definition)
    if (url !== undefined) return addRemote(services, job, { url, definition })
    const id = readReference(definition, 'the build')
    return resultOf(findPending(services, id))
  }
  if (frontend !== 'dockerfile.v0' && frontend !== 'gateway.v0') {
    throw new GrpcError(
      'UNIMPLEMENTED',
      `Cannot solve the frontend ${JSON.stringify(frontend)}: only dockerfile.v0 is built in`,
    )
  }
  const pending = await prepare(services, job, request)
  const subrequest = textOf(attributes, 'requestid')
  if (subrequest !== undefined) return await answerSubrequest(services, pending, subrequest)
  services.pending.set(pending.id, pending)
  if (request.evaluates) await evaluate(services, pending)
  return resultOf(pending)
}

/** Returns the build that a client refers to. Throws `NOT_FOUND`. */
export function findPending({ pending, remotes }: Services, id: string): PendingBuild {
  const found = pending.get(id)
  if (found !== undefined) return found
  if (remotes.has(id)) throw refuseDefinition('the build')
  throw new GrpcError('NOT_FOUND', `Cannot find the result ${id}: its build has ended`)
}

function resultOf({ id }: PendingBuild): ResultDraft {
  return { ref: { id, def: referenceDefinition(id) } }
}

async function prepare(
  services: Services,
  job: Job,
  { attributes, inputs }: FrontendRequest,
): Promise<PendingBuild> {
  checkAttributes(attributes)
  const request = await job.request(job.signal)
  const options = readFrontendOptions(attributes)
  const sources = readSources(attributes)
  const { engine } = services
  const { signal } = job
  const client = await services.findClient(request.Session, signal)
  const clientOf: PendingBuild['clientOf'] = async (directory) => {
    const session = sources.sessions.get(directory)
    return session === undefined ? client : await services.findClient(session, signal)
  }
  const progress = new BuildProgress({
    build: job.ref,
    definition: definitionStep(sources.filename),
    add: (message) => job.log.add(message),
  })
  signal.addEventListener('abort', () => progress.cancel(), { once: true })
  const definition = await loadDefinition({ sources, clientOf, progress, engine, signal })
  const found = Object.entries(inputs).map(([name, graph]) => {
    const input = findPending(services, readReference(graph, `the input ${name}`))
    input.holders.add(job)
    return [name, input] as const
  })
  const id = crypto.randomUUID()
  const shared = { engine, job, request, attributes, options, sources, client, clientOf, progress }
  const holders = new Set([job])
  return { ...shared, id, definition, inputs: new Map(found), holders, evaluated: undefined }
}
