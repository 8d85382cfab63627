import { channel } from 'node:diagnostics_channel'
import { StrakeError } from '#oci'
import type { KeptBytes } from '#stream'
import { asReadableStream } from '#stream'
import { redact } from '../errors.ts'
import { isLoopback, type ResolveHost } from './address.ts'
import { checkNamedHost, type Target, targetsOf } from './named-host.ts'
import { connectionError, isUnreachable } from './retry.ts'

/** `fetch`, or a function that replaces it. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface HttpRequest {
  readonly method: string
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  /** Called again for a redirect that needs the body. */
  readonly body?: (() => KeptBytes | Uint8Array<ArrayBuffer>) | undefined
  /** The registry that named the URL. */
  readonly namedBy?: URL | undefined
  /** Resolves the hosts that a registry names. Without it only their names are checked. */
  readonly resolve?: ResolveHost | undefined
  readonly signal?: AbortSignal | undefined
}

const maxHops = 10
const maxHeaderSize = 16 * 1024
const headersTimeout = 100_000
const requests = channel('registry:request')

/**
 * Sends one request and follows its redirects, because `fetch` would choose the headers
 * of a redirect itself. `Authorization` goes only to its own origin, and is not sent
 * again when a redirect comes back. HTTPS never becomes HTTP. A public registry cannot
 * redirect into the network of the caller.
 */
export async function send(fetch: Fetch, request: HttpRequest): Promise<Response> {
  let { url, method } = request
  let headers: Record<string, string> = {
    ...request.headers,
    'Accept-Encoding': 'identity',
  }
  let body = request.body
  const { namedBy, resolve, signal } = request
  const checks = { resolve, signal }
  let addresses = namedBy === undefined ? [] : await checkNamedHost(namedBy, url, checks)
  for (let hop = 0; hop <= maxHops; hop += 1) {
    const response = await sendOnce(fetch, { ...request, url, addresses, method, headers, body })
    const location = response.headers.get('Location')
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) {
      return response
    }
    await discard(response)
    const next = resolveHop(url, location)
    if (next.host !== url.host) addresses = await checkNamedHost(url, next, checks)
    if (next.origin !== url.origin) {
      const { Authorization: _dropped, ...others } = headers
      headers = others
    }
    if (response.status === 303 && method !== 'HEAD') {
      method = 'GET'
      body = undefined
    }
    url = next
  }
  throw new StrakeError('UNAVAILABLE', `Cannot reach ${url.host}: more than ${maxHops} redirects`)
}

/**
 * Returns the URL that a server names: the `Location` of a redirect or an upload, or a
 * token service. `send` checks its host. Throws `DENIED` for a URL that no server may name.
 */
export function resolveHop(from: URL, location: string): URL {
  const next = URL.canParse(location, from.href) ? new URL(location, from) : undefined
  const refuse = (reason: string): never => {
    throw new StrakeError(
      'DENIED',
      `Cannot follow ${from.host} to ${redact(location.slice(0, 200))}: ${reason}`,
    )
  }
  if (next === undefined) return refuse('not a URL')
  if (next.protocol !== 'https:' && next.protocol !== 'http:') return refuse('not HTTP')
  if (next.username !== '' || next.password !== '') return refuse('it carries a user name')
  if (from.protocol === 'https:' && next.protocol === 'http:') {
    return refuse('it would leave HTTPS')
  }
  return next
}

/** Ends a response without reading it, so that its connection is free. */
export async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => {})
}

interface SingleRequest {
  readonly method: string
  readonly url: URL
  /** The addresses of the host that were checked; none for a host that the user named. */
  readonly addresses: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  readonly body: (() => KeptBytes | Uint8Array<ArrayBuffer>) | undefined
  readonly signal?: AbortSignal | undefined
}

async function sendOnce(fetch: Fetch, request: SingleRequest): Promise<Response> {
  const { method, url, headers, addresses, signal } = request
  signal?.throwIfAborted()
  const started = performance.now()
  const abort = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const init = {
    method,
    redirect: 'manual',
    signal: signal === undefined ? abort.signal : AbortSignal.any([signal, abort.signal]),
    decompress: false,
    // Otherwise the runtime would use the proxy of the environment for this machine too.
    ...(isLoopback(url.hostname) && { proxy: false }),
  }
  const sendTo = ({ href, headers: added, tls }: Target): Promise<Response> => {
    const body = request.body?.()
    const isStream = body !== undefined && !(body instanceof Uint8Array)
    if (!isStream) timer ??= setTimeout(() => abort.abort(timeoutError()), headersTimeout)
    const all = { ...init, headers: { ...headers, ...added }, ...(tls && { tls }) }
    return fetch(href, { ...all, ...(body === undefined ? {} : bodyInit(body)) } as RequestInit)
  }
  try {
    const response = await firstReachable(targetsOf(url, addresses), sendTo).catch((error) => {
      publish({ method, url, started, error })
      throw error
    })
    publish({ method, url, started, status: response.status })
    checkHeaders(response, url)
    return response
  } catch (error) {
    throw connectionError(url.host, error, signal)
  } finally {
    clearTimeout(timer)
  }
}

interface Answered {
  readonly method: string
  readonly url: URL
  readonly started: number
  readonly status?: number
  readonly error?: unknown
}

function publish({ method, url, started, status, error }: Answered): void {
  if (!requests.hasSubscribers) return
  const duration = performance.now() - started
  const name = error instanceof Error ? error.name : undefined
  requests.publish({ method, url: redact(url.href), status, duration, error: name })
}

/** Tries the next target when one cannot be connected to. */
async function firstReachable(
  [first, ...others]: readonly [Target, ...Target[]],
  sendTo: (target: Target) => Promise<Response>,
): Promise<Response> {
  try {
    return await sendTo(first)
  } catch (error) {
    const [next, ...rest] = others
    if (next === undefined || !isUnreachable(error)) throw error
    return await firstReachable([next, ...rest], sendTo)
  }
}

function bodyInit(body: KeptBytes | Uint8Array<ArrayBuffer>): object {
  if (body instanceof Uint8Array) return { body }
  return { body: asReadableStream(body), duplex: 'half' }
}

function checkHeaders(response: Response, url: URL): void {
  let size = 0
  for (const [name, value] of response.headers) size += name.length + value.length + 4
  if (size > maxHeaderSize) {
    throw new StrakeError(
      'UNAVAILABLE',
      `Cannot reach ${url.host}: its answer has more than ${maxHeaderSize} bytes of headers`,
    )
  }
}

function timeoutError(): Error {
  return new DOMException('no answer in time', 'TimeoutError')
}
