import type { Exchange } from '#http'
import type { Endpoint } from '../endpoints.ts'
import { ChallengeError, DeniedError } from './refusals.ts'

/** What a sender did to the content of a registry, or was not allowed to do. */
export interface RegistryEvent {
  /** Milliseconds since 1970. */
  readonly time: number
  readonly action: 'pull' | 'push' | 'delete' | 'mount' | 'tag' | 'admin' | 'login' | 'refused'
  /** The kind of the content. */
  readonly kind?: 'manifest' | 'blob' | undefined
  /** Undefined for an anonymous sender. */
  readonly principal: string | undefined
  /** The sender's IP address. */
  readonly address: string
  readonly repository?: string | undefined
  /** The tag or digest that the sender named. */
  readonly reference?: string | undefined
  readonly digest?: string | undefined
  /** Tags that mean the digest now and did not before. */
  readonly moves?: readonly TagMoved[] | undefined
  readonly mediaType?: string | undefined
  /** The answer. */
  readonly status: number
  /** Why a request was refused, or what an administrator did. */
  readonly reason?: string | undefined
  readonly rule?: string | undefined
  /** The span of the request, if requests are traced. */
  readonly traceparent?: string | undefined
}

/** A tag that got a meaning. */
export interface TagMoved {
  readonly tag: string
  /** The digest that it meant before. */
  readonly previous?: string | undefined
}

/** A finished request. */
export interface Finished {
  readonly request: Request
  /** Absent for a URL that is no endpoint. */
  readonly endpoint: Endpoint | undefined
  readonly exchange: Exchange
  readonly response: Response
  readonly error?: unknown
  readonly moves?: readonly TagMoved[] | undefined
}

/** Returns what a request did; `undefined` for one that changed nothing and sent no content. */
export function describeEvent(finished: Finished, time: number): RegistryEvent | undefined {
  const { request, endpoint, exchange, response, error, moves } = finished
  const { status, headers } = response
  const action = actionOf(finished)
  if (endpoint === undefined || action === undefined) return undefined
  const refusal = error instanceof DeniedError || error instanceof ChallengeError
  const detail = refusal ? error.detail : undefined
  return {
    time,
    action,
    kind: kindOf(endpoint),
    principal: exchange.principal?.name,
    address: exchange.address,
    repository: 'repository' in endpoint ? endpoint.repository : undefined,
    reference: referenceOf(endpoint),
    digest: headers.get('Docker-Content-Digest') ?? undefined,
    ...(moves !== undefined && moves.length > 0 && { moves }),
    mediaType: action === 'refused' ? undefined : mediaTypeOf(request, endpoint, headers),
    status,
    ...(exchange.traceparent !== undefined && { traceparent: exchange.traceparent }),
    ...(refusal && { reason: detail?.reason ?? error.message, rule: detail?.rule }),
  }
}

function actionOf({ request, endpoint, response }: Finished): RegistryEvent['action'] | undefined {
  const { method } = request
  const { status } = response
  // A client without credentials is asked for them at the first request of every push.
  if (status === 401 && !request.headers.has('Authorization')) return undefined
  if (status === 401 || status === 403) return 'refused'
  switch (endpoint?.kind) {
    case 'manifest':
    case 'blob':
      if (method === 'GET' && (status === 200 || status === 206 || status === 307)) return 'pull'
      if (method === 'PUT' && status === 201) return 'push'
      return method === 'DELETE' && status === 202 ? 'delete' : undefined
    case 'uploads':
      if (status !== 201) return undefined
      return endpoint.mount !== undefined && endpoint.digest === undefined ? 'mount' : 'push'
    case 'upload':
      return method === 'PUT' && status === 201 ? 'push' : undefined
    case 'tag-history':
      return method === 'POST' && status === 201 ? 'tag' : undefined
    default:
      return undefined
  }
}

function referenceOf(endpoint: Endpoint): string | undefined {
  if (endpoint.kind === 'tag-history') return endpoint.tag
  return 'reference' in endpoint ? endpoint.reference : undefined
}

function kindOf({ kind }: Endpoint): 'manifest' | 'blob' | undefined {
  if (kind === 'manifest' || kind === 'tag-history') return 'manifest'
  return kind === 'blob' || kind === 'upload' || kind === 'uploads' ? 'blob' : undefined
}

function mediaTypeOf(request: Request, { kind }: Endpoint, answer: Headers): string | undefined {
  if (kind !== 'manifest') return undefined
  const headers = request.method === 'PUT' ? request.headers : answer
  return headers.get('Content-Type') ?? undefined
}
