import { channel } from 'node:diagnostics_channel'
import { StrakeError } from '#oci'
import { type Endpoint, parseEndpoint } from '../endpoints.ts'
import type { FetchHandler, Registry } from '../registry.ts'
import { deleteBlob, getBlob } from './blobs.ts'
import type { Context, RegistryHandlerOptions, Route } from './context.ts'
import { listReferrers, listRepositories, listTags } from './lists.ts'
import { deleteManifest, getManifest, putManifest } from './manifests.ts'
import { replyError, replyJson, withoutBody } from './reply.ts'
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
      const response = await answer(context, request)
      return request.method === 'HEAD' ? withoutBody(response) : response
    } catch (error) {
      const response = replyError(error)
      if (response.status >= 500) errors.publish({ url: request.url, error })
      return request.method === 'HEAD' ? withoutBody(response) : response
    }
  }
}

async function answer(context: Context, request: Request): Promise<Response> {
  const endpoint = parseEndpoint(new URL(request.url))
  if (endpoint === undefined) {
    throw new StrakeError('NOT_FOUND', 'Cannot serve the request: no such endpoint')
  }
  const methods = routes[endpoint.kind] as Methods<Endpoint>
  // HEAD is GET without the body.
  const route = methods[request.method === 'HEAD' ? 'GET' : request.method]
  if (route === undefined || !isAllowed(context.options, request.method)) {
    const message = `Cannot ${request.method} here: the registry does not allow it`
    const allowed = Object.keys(methods).map((method) => (method === 'GET' ? 'GET, HEAD' : method))
    return replyError(new StrakeError('UNSUPPORTED', message), 405, { Allow: allowed.join(', ') })
  }
  return route(context, request, endpoint)
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
}
