import { type ErrorCode, StrakeError } from '#oci'
import type { Bytes } from '#stream'

/**
 * The one table from error code to HTTP status.
 *
 * @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
 */
export const statusOf: Readonly<Record<ErrorCode, number>> = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 400,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 400,
  UNAUTHORIZED: 401,
  DENIED: 403,
  TOOMANYREQUESTS: 429,
  RANGE_INVALID: 416,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  INVALID: 400,
  CONFLICT: 409,
  UNSUPPORTED: 405,
  UNAVAILABLE: 503,
  INTERNAL: 500,
}

/** The error code of a status when the body has none. */
const codeOfStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'INVALID',
  401: 'UNAUTHORIZED',
  403: 'DENIED',
  404: 'NOT_FOUND',
  405: 'UNSUPPORTED',
  409: 'CONFLICT',
  413: 'SIZE_INVALID',
  416: 'RANGE_INVALID',
  429: 'TOOMANYREQUESTS',
}

/** The most bytes to read of a peer's error body. */
const maxErrorBody = 64 * 1024

export interface PeerError {
  readonly status: number
  readonly code: ErrorCode
  /** The peer's own words, one line, without control characters; may be empty. */
  readonly message: string
}

/** Reads a peer's error answer, at most 64 KiB of it, and never throws because of it. */
export async function readErrorResponse(response: Response): Promise<PeerError> {
  const { status } = response
  const text = await readCapped(response.body, maxErrorBody).catch(() => '')
  const fallback = codeOfStatus[status] ?? (status >= 500 ? 'UNAVAILABLE' : 'INVALID')
  const first = firstError(text)
  const said = first !== undefined && Object.hasOwn(statusOf, first.code) ? first.code : undefined
  const code = isPlainer(status, said) ? fallback : (said as ErrorCode)
  return { status, code, message: oneLine(first?.message ?? '') }
}

/**
 * Returns true if the status is more exact than the code. The specification has no code
 * for a refused range, a refused second writer, or an absent endpoint.
 */
function isPlainer(status: number, code: string | undefined): boolean {
  if (code === undefined || status === 409 || status === 416) return true
  return status === 404 && code === 'UNSUPPORTED'
}

/** Returns Docker's words for a code, such as `manifest unknown` for `MANIFEST_UNKNOWN`. */
export function describePeerError(peer: PeerError): string {
  const words = knownReasons[peer.code]
  if (words !== undefined) return words
  if (peer.message !== '') return peer.message
  return `the registry answered ${peer.status}`
}

const knownReasons: Partial<Record<ErrorCode, string>> = {
  MANIFEST_UNKNOWN: 'manifest unknown',
  BLOB_UNKNOWN: 'blob unknown',
  NAME_UNKNOWN: 'repository unknown',
  BLOB_UPLOAD_UNKNOWN: 'upload session unknown',
  TOOMANYREQUESTS: 'too many requests',
  UNAUTHORIZED: 'authentication required',
  NOT_FOUND: 'not found',
}

/** A refusal by a peer itself, and not by a rule of ours about peers. */
export class PeerRefusalError extends StrakeError {}

/** Makes the error for a caller: `what` names the verb and the thing, the peer gives the reason. */
export function peerError(what: string, host: string, peer: PeerError): StrakeError {
  const reason =
    peer.code === 'DENIED'
      ? `access denied${peer.message === '' ? '' : `: ${peer.message}`}`
      : describePeerError(peer)
  const remedy =
    peer.status === 401 || peer.status === 403
      ? `log in with strake login ${host}`
      : peer.status === 429
        ? 'wait a while, or log in for a higher limit'
        : undefined
  const isRefusal = peer.code === 'DENIED' || peer.code === 'UNAUTHORIZED'
  const Kind = isRefusal ? PeerRefusalError : StrakeError
  return new Kind(peer.code, `Cannot ${what}: ${reason}`, { remedy })
}

/** Hides secrets in text: user names, tokens and signatures in URLs, and bearer values. */
export function redact(text: string): string {
  return text
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^/?#\s]*@/gi, '$1***@')
    .replace(
      /([?&][^=&\s]*(?:token|secret|password|signature|sig|credential|key)[^=&\s]*=)[^&\s]+/gi,
      '$1***',
    )
    .replace(/\b(Bearer|Basic)\s+(?!realm\b)[A-Za-z0-9._~+/=-]{8,}/gi, '$1 ***')
}

function firstError(text: string): { code: string; message: string } | undefined {
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body !== 'object' || body === null) return undefined
    const { errors, message, details } = body as Record<string, unknown>
    if (Array.isArray(errors) && typeof errors[0] === 'object' && errors[0] !== null) {
      const first = errors[0] as Record<string, unknown>
      return { code: String(first['code'] ?? ''), message: String(first['message'] ?? '') }
    }
    const words = details ?? message
    return typeof words === 'string' ? { code: '', message: words } : undefined
  } catch {
    return undefined
  }
}

async function readCapped(body: Bytes | null, max: number): Promise<string> {
  if (body === null) return ''
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length >= max) break
  }
  return text.slice(0, max)
}

function oneLine(text: string): string {
  return redact(
    text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ').trim(),
  ).slice(0, 300)
}
