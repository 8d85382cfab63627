import { channel } from 'node:diagnostics_channel'
import { isStrakeError, StrakeError } from '#oci'
import { type Bytes, steady, toBuffer } from '#stream'

const requests = channel('objects:request')

export interface ObjectRequest {
  readonly method: string
  readonly url: URL
  /** Called for every try, because a signature contains the time. */
  readonly headers: () => Readonly<Record<string, string>>
  readonly body?: Uint8Array<ArrayBuffer> | undefined
  /** Statuses that are no error. */
  readonly accepted: readonly number[]
  /** For messages: `read the object a/b of the bucket c`. URLs may contain signatures. */
  readonly what: string
}

export interface RequestOptions {
  /** All tries together. */
  readonly attempts: number
  /** Milliseconds until the head of the answer. */
  readonly timeout: number
  /** Milliseconds for all tries together. Default: as long as they take. */
  readonly patience?: number | undefined
  readonly fetch?: ((url: URL, init: RequestInit) => Promise<Response>) | undefined
  /** Milliseconds. */
  readonly sleep?: ((milliseconds: number) => Promise<void>) | undefined
  readonly signal?: AbortSignal | undefined
  /** Milliseconds without a byte of a body after which it counts as broken. Default one minute. */
  readonly silence?: number | undefined
  /**
   * Makes refusals failures of the service, because its user is a program and not the caller: they are
   * `UNAVAILABLE` or `INTERNAL` instead of `DENIED` and `INVALID`.
   */
  readonly isOwn?: boolean | undefined
}

/**
 * Sends a request, again after a broken connection, a server error or too many requests. Follows
 * no redirect, because a signature is for one host. Throws `UNAVAILABLE`, `DENIED`, `NOT_FOUND`.
 */
export async function send(request: ObjectRequest, options: RequestOptions): Promise<Response> {
  const { attempts, sleep = pause, signal, patience = Number.POSITIVE_INFINITY } = options
  const end = performance.now() + patience
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted()
    try {
      const timeout = Math.min(options.timeout, Math.max(1, end - performance.now()))
      return await tryOnce(request, { ...options, timeout })
    } catch (error) {
      signal?.throwIfAborted()
      const wait = Math.min(20_000, 100 * 2 ** attempt) * (0.75 + Math.random() / 4)
      const isInTime = performance.now() + wait < end
      const mayRetry = isStrakeError(error, 'UNAVAILABLE') && isInTime
      if (!mayRetry || attempt >= attempts) throw error
      await sleep(wait)
    }
  }
}

async function tryOnce(
  { method, url, headers, body, accepted, what }: ObjectRequest,
  { fetch: call = fetch, timeout, signal, silence, isOwn = false }: RequestOptions,
): Promise<Response> {
  const started = performance.now()
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), timeout)
  const signals = signal === undefined ? [late.signal] : [late.signal, signal]
  let response: Response
  try {
    response = await call(url, {
      method,
      headers: headers(),
      redirect: 'manual',
      signal: AbortSignal.any(signals),
      ...(body !== undefined && { body }),
    })
    publish({ method, url, started, status: response.status })
  } catch (cause) {
    publish({ method, url, started, error: cause })
    const reason = late.signal.aborted
      ? `${url.host} did not answer within ${Math.ceil(timeout / 1000)} s`
      : `${url.host} cannot be reached`
    throw new StrakeError('UNAVAILABLE', `Cannot ${what}: ${reason}`, { cause })
  } finally {
    clearTimeout(timer)
  }
  if (accepted.includes(response.status)) return response
  throw await refusal(response, { what, silence, isOwn })
}

interface Answered {
  readonly method: string
  readonly url: URL
  readonly started: number
  readonly status?: number
  readonly error?: unknown
}

/** The query is left out, because it may have a signature. */
function publish({ method, url, started, status, error }: Answered): void {
  if (!requests.hasSubscribers) return
  const duration = performance.now() - started
  const name = error instanceof Error ? error.name : undefined
  requests.publish({ method, url: `${url.origin}${url.pathname}`, status, duration, error: name })
}

async function refusal(
  response: Response,
  { what, silence, isOwn }: Pick<ObjectRequest, 'what'> & Pick<RequestOptions, 'silence' | 'isOwn'>,
): Promise<StrakeError> {
  const { status } = response
  const text = await readText(response, mostErrorBytes, silence).catch(() => '')
  const code = /<Code>([A-Za-z]{1,60})<\/Code>/.exec(text)?.[1]
  const reason = `the server answered ${status}${code === undefined ? '' : ` (${code})`}`
  const message = `Cannot ${what}: ${reason}`
  if (status === 429 || status >= 500) return new StrakeError('UNAVAILABLE', message)
  if (status === 404 && code !== 'NoSuchBucket') return new StrakeError('NOT_FOUND', message)
  if (status === 401 || status === 403) {
    const remedy = 'check the credentials, and what they allow'
    return new StrakeError(isOwn ? 'UNAVAILABLE' : 'DENIED', message, { remedy })
  }
  if (status >= 300 && status < 400) {
    const remedy = 'check the region and the address of the service'
    return new StrakeError(isOwn ? 'INTERNAL' : 'INVALID', message, { remedy })
  }
  return new StrakeError(isOwn ? 'INTERNAL' : 'INVALID', message)
}

/** Bytes of an error document that are read. */
const mostErrorBytes = 65_536

/**
 * Reads a body of at most `most` bytes. Throws `SIZE_INVALID` for a longer one, and `UNAVAILABLE`
 * after `silence` milliseconds without a byte.
 */
export async function readText(
  response: Response,
  most: number,
  silence: number | undefined,
): Promise<string> {
  return new TextDecoder().decode(await toBuffer(bodyOf(response, silence), most, 'the answer'))
}

/** The bytes of a body. Throws `UNAVAILABLE` after `silence` milliseconds without one. */
export async function* bodyOf(response: Response, silence: number | undefined): Bytes {
  if (response.body !== null) yield* steady(response.body, { silence })
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
