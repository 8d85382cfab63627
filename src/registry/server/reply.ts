import { securityHeaders } from '#http'
import { describeFailure } from './failure.ts'
import { ChallengeError, TooManyError } from './refusals.ts'

/**
 * Headers of every answer. They prevent that a browser shows pushed content as a page of
 * this origin.
 */
const always = {
  ...securityHeaders,
  'Docker-Distribution-API-Version': 'registry/2.0',
  'Content-Security-Policy': "default-src 'none'; sandbox",
}

export type ReplyHeaders = Readonly<Record<string, string | undefined>>

/** The body of an answer. A text or buffer sets `Content-Length`. */
export type ReplyBody = string | Uint8Array<ArrayBuffer> | Blob | ReadableStream | null

export function reply(
  status: number,
  headers: ReplyHeaders = {},
  body: ReplyBody = null,
): Response {
  const all: Record<string, string> = { ...always }
  const length = lengthOf(status, body)
  if (length !== undefined) all['Content-Length'] = length
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined) all[name] = value
  }
  return new Response(body, { status, headers: all })
}

export function replyJson(status: number, value: unknown, headers: ReplyHeaders = {}): Response {
  return reply(status, { 'Content-Type': 'application/json', ...headers }, JSON.stringify(value))
}

/** Makes the answer for an error. */
export function replyError(error: unknown, status?: number, headers: ReplyHeaders = {}): Response {
  const { status: usual, code, message, detail } = describeFailure(error)
  const actual = status ?? usual
  const seconds = error instanceof TooManyError ? String(error.retryAfter) : '10'
  const retry = actual === 429 || actual === 503 ? seconds : undefined
  const errors = [{ code, message, detail }]
  const challenge = error instanceof ChallengeError ? error.challenge : undefined
  const asked = { 'Retry-After': retry, 'WWW-Authenticate': challenge }
  return replyJson(actual, { errors }, { ...asked, ...headers })
}

/** Makes the answer to HEAD: the headers of GET without the body. */
export function withoutBody({ status, headers }: Response): Response {
  return new Response(null, { status, headers })
}

function lengthOf(status: number, body: ReplyBody): string | undefined {
  if (typeof body === 'string') return String(Buffer.byteLength(body))
  if (body instanceof Uint8Array) return String(body.byteLength)
  return body === null && status >= 200 && status !== 204 && status !== 304 ? '0' : undefined
}
