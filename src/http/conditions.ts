/** The result of a request's conditions, for content with a strong entity tag. */
export type Verdict = 'proceed' | 'not-modified' | 'failed'

/**
 * Evaluates `If-Match` and `If-None-Match`. `etag` is quoted, and `undefined` when the content is
 * absent.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2
 */
export function weighConditions(
  { headers, method }: Pick<Request, 'headers' | 'method'>,
  etag: string | undefined,
): Verdict {
  const wanted = headers.get('If-Match')
  if (wanted !== null && !isListed(wanted, etag, false)) return 'failed'
  const unwanted = headers.get('If-None-Match')
  if (unwanted === null || !isListed(unwanted, etag, true)) return 'proceed'
  return method === 'GET' || method === 'HEAD' ? 'not-modified' : 'failed'
}

function isListed(header: string, etag: string | undefined, isWeak: boolean): boolean {
  if (etag === undefined) return false
  if (header.trim() === '*') return true
  const listed = header.match(/(?:W\/)?"[^"]*"/g) ?? []
  return listed.some((each) => (isWeak ? each.replace(/^W\//, '') : each) === etag)
}

/** A part of some content: `end` is the byte after its last one. */
export interface Span {
  readonly start: number
  readonly end: number
}

/**
 * Returns the range that a GET requests, or `undefined` for the whole content. HTTP allows a server
 * to ignore several ranges and a malformed range. A range is also ignored when `If-Range` names
 * other content.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-14.2
 */
export function requestedRange(
  { headers, method }: Pick<Request, 'headers' | 'method'>,
  size: number,
  etag: string,
): Span | 'unsatisfiable' | undefined {
  const condition = headers.get('If-Range')
  if (method !== 'GET' || (condition !== null && condition.trim() !== etag)) return undefined
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(headers.get('Range')?.trim() ?? '')
  if (match === null) return undefined
  const [, first = '', last = ''] = match
  if (first === '') {
    if (last === '') return undefined
    if (Number(last) === 0 || size === 0) return 'unsatisfiable'
    return { start: Math.max(0, size - Number(last)), end: size }
  }
  const start = Number(first)
  const end = last === '' ? size : Math.min(Number(last) + 1, size)
  if (last !== '' && Number(last) < start) return undefined
  return start >= size ? 'unsatisfiable' : { start, end }
}
