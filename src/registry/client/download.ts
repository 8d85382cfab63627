import { ContentMismatchError, type Descriptor, isStrakeError, StrakeError } from '#oci'
import { type Bytes, verified } from '#stream'
import { Backoff, connectionError, RetryableError } from '../http/retry.ts'
import { discard } from '../http/transport.ts'
import type { ApiRequest, Connection } from './connection.ts'

export interface DownloadOptions {
  readonly start?: number | undefined
  readonly end?: number | undefined
  /** The reader verifies the content itself. */
  readonly readerVerifies?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Yields the bytes of `target`, verified unless only a part is read. After a broken
 * connection it continues at the next byte. Every byte goes through the hash, so other
 * content from the server is detected at the end. Progress resets the number of tries.
 */
export function download(
  connection: Connection,
  request: ApiRequest,
  target: Descriptor,
  options: DownloadOptions = {},
): Bytes {
  const start = options.start ?? 0
  const end = Math.min(options.end ?? target.size, target.size)
  const whole = start === 0 && end === target.size
  const bytes = receive(connection, { ...request, signal: options.signal }, target, { start, end })
  return whole && options.readerVerifies !== true ? verified(bytes, target) : bytes
}

interface Span {
  readonly start: number
  readonly end: number
}

async function* receive(
  connection: Connection,
  request: ApiRequest,
  target: Descriptor,
  span: Span,
): AsyncGenerator<Uint8Array> {
  const backoff = new Backoff(connection.retry)
  const signal = connection.signal(request.signal)
  let at = span.start
  if (span.start >= span.end && target.size > 0) return
  for (;;) {
    try {
      for await (const chunk of open(connection, request, target, { start: at, end: span.end })) {
        at += chunk.byteLength
        backoff.progressed()
        yield chunk
      }
      if (at >= span.end) return
      throw broken(connection.host, request.what)
    } catch (error) {
      if (at >= span.end && at > span.start && !isStrakeError(error)) return
      await backoff.wait(connectionError(connection.host, error, signal), signal)
    }
  }
}

function broken(host: string, what: string): RetryableError {
  return new RetryableError(
    new StrakeError('UNAVAILABLE', `Cannot ${what}: ${host} ended the connection early`),
  )
}

/** Yields the bytes of one connection from `span.start` on, never past `span.end`. */
async function* open(
  connection: Connection,
  request: ApiRequest,
  target: Descriptor,
  span: Span,
): AsyncGenerator<Uint8Array> {
  const isRange = span.start > 0 || span.end < target.size
  const abort = new AbortController()
  const outer = connection.signal(request.signal)
  const response = await connection.expect(
    {
      ...request,
      headers: {
        ...request.headers,
        ...(isRange ? { Range: `bytes=${span.start}-${span.end - 1}` } : {}),
      },
      signal: outer === undefined ? abort.signal : AbortSignal.any([outer, abort.signal]),
    },
    isRange ? [200, 206] : [200],
  )
  const ignored = checkAnswer(request.what, response, target, span)
  if (ignored === undefined) {
    await discard(response)
    throw new StrakeError('UNAVAILABLE', `Cannot ${request.what}: the server sent another range`)
  }
  const body = response.body
  if (body === null) return
  let isWaiting = true
  const timer = setTimeout(() => {
    if (isWaiting) abort.abort(new DOMException('the body stalled', 'TimeoutError'))
    else timer.refresh()
  }, connection.retry.silence ?? 60_000)
  let skip = ignored
  let left = span.end - span.start
  try {
    for await (const chunk of body) {
      timer.refresh()
      const rest = skip >= chunk.byteLength ? undefined : chunk.subarray(skip)
      skip = Math.max(0, skip - chunk.byteLength)
      if (rest === undefined) continue
      const surplus = rest.byteLength > left
      if (surplus && span.end === target.size) throw tooLong(request.what, target)
      isWaiting = false
      if (rest.byteLength > 0) yield surplus ? rest.subarray(0, left) : rest
      isWaiting = true
      timer.refresh()
      left -= Math.min(left, rest.byteLength)
      if (surplus) return
    }
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Returns how many bytes at the start of the answer the caller has already: none for the
 * requested range, and all up to its start when the whole content came. Returns
 * `undefined` for any other range. Throws when the announced length is wrong.
 */
function checkAnswer(
  what: string,
  response: Response,
  target: Descriptor,
  span: Span,
): number | undefined {
  const encoding = response.headers.get('Content-Encoding') ?? 'identity'
  if (encoding !== 'identity') {
    throw new StrakeError('UNAVAILABLE', `Cannot ${what}: the server re-encoded it as ${encoding}`)
  }
  const length = response.headers.get('Content-Length')
  const expected = response.status === 206 ? span.end - span.start : target.size
  if (length !== null && Number(length) !== expected) {
    throw new ContentMismatchError(target.digest, `${expected} bytes`, `${length} bytes`)
  }
  if (response.status === 200) return span.start
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(response.headers.get('Content-Range') ?? '')
  if (range === null) return undefined
  const matches =
    Number(range[1]) === span.start &&
    Number(range[2]) === span.end - 1 &&
    (range[3] === '*' || Number(range[3]) === target.size)
  return matches ? 0 : undefined
}

function tooLong(what: string, target: Descriptor): ContentMismatchError {
  return new ContentMismatchError(
    `${target.digest} (${what})`,
    `${target.size} bytes`,
    'more bytes',
  )
}
