import { errorStatus, formatErrorBody } from '../errors.ts'

/**
 * On every answer: content of strangers must not become a page of this origin,
 * whatever its bytes look like to a browser.
 */
const always = {
  'Docker-Distribution-API-Version': 'registry/2.0',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; sandbox",
  'Cross-Origin-Resource-Policy': 'same-origin',
}

export type ReplyHeaders = Readonly<Record<string, string | undefined>>

export function reply(
  status: number,
  headers: ReplyHeaders = {},
  body: ConstructorParameters<typeof Response>[0] = null,
): Response {
  const present = Object.entries(headers).filter(([, value]) => value !== undefined)
  return new Response(body, { status, headers: { ...always, ...Object.fromEntries(present) } })
}

export function replyJson(status: number, value: unknown, headers: ReplyHeaders = {}): Response {
  const text = JSON.stringify(value)
  return reply(status, { 'Content-Type': 'application/json', ...headers }, text)
}

/** The answer an error becomes; HEAD answers have no body. */
export function replyError(error: unknown, method: string, status?: number): Response {
  const body = method === 'HEAD' ? null : formatErrorBody(error)
  const actual = status ?? errorStatus(error)
  const retry = actual === 429 || actual === 503 ? '10' : undefined
  return reply(actual, { 'Content-Type': 'application/json', 'Retry-After': retry }, body)
}
