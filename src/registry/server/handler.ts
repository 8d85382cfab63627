import { channel } from 'node:diagnostics_channel'
import { isStrakeError, StrakeError } from '#oci'
import { type Endpoint, parseEndpoint } from '../endpoints.ts'
import type { FetchHandler, Registry } from '../registry.ts'
import { deleteBlob, getBlob } from './blobs.ts'
import type { Context, RegistryHandlerOptions, Route } from './context.ts'
import { listReferrers, listRepositories, listTags } from './lists.ts'
import { deleteManifest, getManifest, putManifest } from './manifests.ts'
import { reply, replyError, replyJson } from './reply.ts'
import { UploadSessions } from './sessions.ts'
import { cancelUpload, finishUpload, patchUpload, startUpload, uploadStatus } from './uploads.ts'

const errors = channel('registry:error')

/**
 * The distribution API over any registry: memory, a directory, a client (which
 * makes a proxy). It answers for whoever reaches it; authentication and TLS
 * belong in front of it.
 *
 * @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
 */
export function createRegistryHandler(
  registry: Registry,
  options: RegistryHandlerOptions = {},
): FetchHandler {
  const context: Context = { registry, options, sessions: new UploadSessions(options) }
  return async (request) => {
    try {
      return await answer(context, request)
    } catch (error) {
      if (!isStrakeError(error)) errors.publish({ url: request.url, error })
      return replyError(error, request.method)
    }
  }
}

async function answer(context: Context, request: Request): Promise<Response> {
  const endpoint = parseEndpoint(new URL(request.url))
  if (endpoint === undefined) {
    throw new StrakeError('NOT_FOUND', 'Cannot serve the request: no such endpoint')
  }
  const methods = routes[endpoint.kind] as Methods<Endpoint>
  const route = methods[request.method]
  if (route === undefined || !isAllowed(context.options, request.method)) {
    const message = `Cannot ${request.method} here: the registry does not allow it`
    const response = replyError(new StrakeError('UNSUPPORTED', message), request.method)
    response.headers.set('Allow', Object.keys(methods).join(', '))
    return response
  }
  return route(context, request, endpoint)
}

function isAllowed(options: RegistryHandlerOptions, method: string): boolean {
  if (method === 'GET' || method === 'HEAD') return true
  return options.readOnly !== true
}

type Methods<E> = Readonly<Record<string, Route<E>>>
type EndpointOf<K extends Endpoint['kind']> = Extract<Endpoint, { kind: K }>

const ping: Route<unknown> = async (_context, request) =>
  request.method === 'HEAD' ? reply(200) : replyJson(200, {})

const routes: { readonly [K in Endpoint['kind']]: Methods<EndpointOf<K>> } = {
  ping: { GET: ping, HEAD: ping },
  catalog: { GET: listRepositories },
  tags: { GET: listTags },
  manifest: {
    GET: getManifest,
    HEAD: getManifest,
    PUT: putManifest,
    DELETE: deleteManifest,
  },
  blob: { GET: getBlob, HEAD: getBlob, DELETE: deleteBlob },
  uploads: { POST: startUpload },
  upload: { GET: uploadStatus, PATCH: patchUpload, PUT: finishUpload, DELETE: cancelUpload },
  referrers: { GET: listReferrers },
}
