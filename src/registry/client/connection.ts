import { type ErrorCode, StrakeError } from '#oci'
import type { KeptBytes } from '#stream'
import type { Authorizer } from '../auth/authorizer.ts'
import { type Endpoint, formatEndpoint } from '../endpoints.ts'
import { peerError, readErrorResponse } from '../errors.ts'
import type { ResolveHost } from '../http/address.ts'
import {
  isRetryableStatus,
  parseRetryAfter,
  RetryableError,
  type RetryOptions,
  withRetries,
} from '../http/retry.ts'
import { discard, type Fetch, resolveHop, send } from '../http/transport.ts'

/** One request to a registry, before authentication, redirects and retries. */
export interface ApiRequest {
  readonly method: string
  /** An endpoint, or a URL from the registry. */
  readonly to: Endpoint | URL
  readonly scopes: readonly string[]
  /** The verb and the thing for error messages: `pull localhost:5000/app:1`. */
  readonly what: string
  /** The code of a 404 without a body. */
  readonly missing?: ErrorCode
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: () => KeptBytes | Uint8Array<ArrayBuffer>
  readonly signal?: AbortSignal | undefined
}

export interface ConnectionOptions {
  /** The registry as a user writes it, for messages and credentials. */
  readonly host: string
  readonly origin: URL
  readonly fetch: Fetch
  readonly userAgent: string
  readonly authorizer: Authorizer
  /** Sent with every request to the registry itself. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly resolve?: ResolveHost | undefined
  readonly retry: RetryOptions
  readonly signal?: AbortSignal | undefined
}

/** A connection to one registry: authenticates, follows redirects, retries, and describes failures. */
export class Connection {
  readonly host: string
  readonly retry: RetryOptions
  readonly #options: ConnectionOptions

  constructor(options: ConnectionOptions) {
    this.host = options.host
    this.retry = options.retry
    this.#options = options
  }

  /** Returns a connection that sends a header with every request. */
  withHeader(name: string, value: string): Connection {
    const { headers } = this.#options
    return new Connection({ ...this.#options, headers: { ...headers, [name]: value } })
  }

  /** Returns the absolute URL of an endpoint, or of a `Location` or `Link`. */
  resolve(to: Endpoint | string, base?: URL): URL {
    const { origin } = this.#options
    return typeof to === 'string'
      ? resolveHop(base ?? origin, to)
      : new URL(formatEndpoint(to), origin)
  }

  /** Returns true for the registry's own origin. Only that gets credentials and may have further pages. */
  isOwn(url: URL): boolean {
    return url.origin === this.#options.origin.origin
  }

  signal(signal?: AbortSignal): AbortSignal | undefined {
    const own = this.#options.signal
    if (own === undefined) return signal
    return signal === undefined ? own : AbortSignal.any([own, signal])
  }

  /** Returns any answer, after a second try with credentials for a 401. Does not retry. */
  async send(request: ApiRequest): Promise<Response> {
    const { authorizer, fetch, origin, resolve, userAgent } = this.#options
    const signal = this.signal(request.signal)
    const url = request.to instanceof URL ? request.to : this.resolve(request.to)
    const own = this.isOwn(url) ? this.#options.headers : undefined
    const attempt = (authorization: string | undefined): Promise<Response> =>
      send(fetch, {
        method: request.method,
        url,
        namedBy: origin,
        resolve,
        headers: {
          'User-Agent': userAgent,
          ...own,
          ...request.headers,
          ...(authorization === undefined ? {} : { Authorization: authorization }),
        },
        body: request.body,
        signal,
      })
    if (!this.isOwn(url)) return attempt(undefined)
    const used = await authorizer.header(request.scopes, signal)
    const response = await attempt(used)
    if (response.status !== 401) return response
    const better = await authorizer.retry(response, request.scopes, used, signal)
    if (better === undefined) return response
    await discard(response)
    return attempt(better)
  }

  /** Sends once. Throws for a status that is not one of `statuses`, with a retryable error where a retry may help. */
  async expect(request: ApiRequest, statuses: readonly number[]): Promise<Response> {
    const response = await this.send(request)
    if (statuses.includes(response.status)) return response
    throw await this.failure(request, response)
  }

  /** Does the same with retries. Only for requests that may arrive twice. */
  request(request: ApiRequest, statuses: readonly number[]): Promise<Response> {
    const work = (): Promise<Response> => this.expect(request, statuses)
    return withRetries(work, this.retry, this.signal(request.signal))
  }

  /** Returns the error for an unexpected answer. */
  async failure(
    { what, missing = 'NOT_FOUND' }: Pick<ApiRequest, 'what' | 'missing'>,
    response: Response,
  ): Promise<StrakeError> {
    const retryAfter = response.headers.get('Retry-After')
    const read = await readErrorResponse(response)
    const peer = read.code === 'NOT_FOUND' ? { ...read, code: missing } : read
    const error = await this.#explain(peerError(what, this.host, peer), peer.status)
    if (!isRetryableStatus(peer.status)) return error
    const now = this.retry.now ?? Date.now
    return new RetryableError(error, parseRetryAfter(retryAfter, now()))
  }

  async #explain(error: StrakeError, status: number): Promise<StrakeError> {
    const realm = status === 401 ? await this.#options.authorizer.distrustedRealm() : undefined
    if (realm === undefined) return error
    return new StrakeError(
      error.code,
      `${error.message}, and its token service ${realm} is not trusted with the password`,
      { remedy: `trust it explicitly if ${this.host} really uses ${realm}` },
    )
  }
}
