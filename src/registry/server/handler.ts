import { channel } from 'node:diagnostics_channel'
import type { Exchange } from '#http'
import { StrakeError } from '#oci'
import { scopesOf } from '../auth/scope.ts'
import { type Endpoint, parseEndpoint } from '../endpoints.ts'
import type { FetchHandler, Registry } from '../registry.ts'
import { createMemoryUploads } from '../store/uploads.ts'
import { openAccess } from './access.ts'
import { deleteBlob, getBlob } from './blobs.ts'
import { inNamespace, watchAge } from './cached.ts'
import type { Context, RegistryHandlerOptions, Route } from './context.ts'
import { describeEvent, type Finished, type TagMoved } from './event.ts'
import { listReferrers, listRepositories, listTags } from './lists.ts'
import { deleteManifest, getManifest, putManifest } from './manifests.ts'
import { openRepository } from './open-repository.ts'
import { replyError, replyJson, withoutBody } from './reply.ts'
import { getTagHistory, rollBack } from './tags/tag-history.ts'
import type { OpenRepository } from './upload/session.ts'
import { UploadSessions } from './upload/sessions.ts'
import {
  cancelUpload,
  finishUpload,
  patchUpload,
  startUpload,
  uploadStatus,
} from './upload/uploads.ts'

const errors = channel('registry:error')

/** A handler that keeps uploads open between requests. Disposing it closes them. */
export type RegistryHandler = FetchHandler &
  AsyncDisposable & {
    /** Returns the number of uploads in progress. */
    readonly uploads: () => number
  }

/**
 * Makes the handler of the distribution API over any registry: memory, a directory, or a
 * client, which makes a proxy. TLS belongs in front of it.
 *
 * @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
 */
export function createRegistryHandler(
  registry: Registry,
  options: RegistryHandlerOptions = {},
): RegistryHandler {
  const open: OpenRepository = (name, sender) => openRepository({ registry, options }, name, sender)
  const sessions = new UploadSessions(open, options.uploads ?? createMemoryUploads(), options)
  const handle = async (
    request: Request,
    exchange: Exchange = { address: '' },
  ): Promise<Response> => {
    const finished = await finish({ registry, sessions, options }, request, exchange)
    const { response } = finished
    const event = options.onEvent && describeEvent(finished, Date.now())
    if (event !== undefined) options.onEvent?.(event)
    if (request.method !== 'HEAD' || response.body === null) return response
    return withoutBody(response)
  }
  const dispose = (): PromiseLike<void> => sessions[Symbol.asyncDispose]()
  return Object.assign(handle, { uploads: () => sessions.count, [Symbol.asyncDispose]: dispose })
}

type Parts = Pick<Context, 'registry' | 'sessions' | 'options'>

async function finish(parts: Parts, request: Request, exchange: Exchange): Promise<Finished> {
  let endpoint: Endpoint | undefined
  const moves: TagMoved[] = []
  try {
    const url = new URL(request.url)
    const named = parseEndpoint(url)
    endpoint = named && inNamespace(named, url, parts.options.isCached)
    const response = await answer(parts, request, { exchange, endpoint, moves })
    return { request, endpoint, exchange, response, moves }
  } catch (error) {
    const response = replyError(error)
    if (response.status >= 500) errors.publish({ url: request.url, error })
    return { request, endpoint, exchange, response, error }
  }
}

async function answer(
  parts: Parts,
  request: Request,
  { exchange, endpoint, moves }: Pick<Finished, 'exchange' | 'endpoint'> & Pick<Context, 'moves'>,
): Promise<Response> {
  if (endpoint === undefined) {
    throw new StrakeError('NOT_FOUND', 'Cannot serve the request: no such endpoint')
  }
  const { access = openAccess, isCached } = parts.options
  const grant = await access(request, scopesOf(endpoint, request.method), exchange)
  exchange.principal = grant
  const methods = routes[endpoint.kind] as Methods<Endpoint>
  // HEAD is GET without the body.
  const route = methods[request.method === 'HEAD' ? 'GET' : request.method]
  if (route === undefined || !isAllowed(parts.options, request.method)) {
    const message = `Cannot ${request.method} here: the registry does not allow it`
    const allowed = Object.keys(methods).map((method) => (method === 'GET' ? 'GET, HEAD' : method))
    return replyError(new StrakeError('UNSUPPORTED', message), 405, { Allow: allowed.join(', ') })
  }
  if (isCached === undefined) return route({ ...parts, grant, exchange, moves }, request, endpoint)
  const watched = watchAge(parts.registry, grant, exchange)
  const context = { ...parts, registry: watched.registry, grant, exchange, moves }
  return watched.mark(await route(context, request, endpoint))
}

function isAllowed(options: RegistryHandlerOptions, method: string): boolean {
  if (method === 'GET' || method === 'HEAD') return true
  return options.readOnly !== true
}

type Methods<E> = Readonly<Record<string, Route<E>>>
type EndpointOf<K extends Endpoint['kind']> = Extract<Endpoint, { kind: K }>

const ping: Route<unknown> = async () => replyJson(200, {})

const routes: { readonly [K in Endpoint['kind']]: Methods<EndpointOf<K>> } = {
  ping: { GET: ping },
  catalog: { GET: listRepositories },
  tags: { GET: listTags },
  manifest: {
    GET: getManifest,
    PUT: putManifest,
    DELETE: deleteManifest,
  },
  blob: { GET: getBlob, DELETE: deleteBlob },
  uploads: { POST: startUpload },
  upload: { GET: uploadStatus, PATCH: patchUpload, PUT: finishUpload, DELETE: cancelUpload },
  referrers: { GET: listReferrers },
  'tag-history': { GET: getTagHistory, POST: rollBack },
}
