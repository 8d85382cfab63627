/** The parts of an `Authorization` header. */
export type Authorization =
  | { readonly kind: 'none' }
  | { readonly kind: 'password'; readonly name: string; readonly secret: string }
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'invalid' }

/** A longer header is no login. Tokens of large organizations have some kilobytes. */
const longest = 12 * 1024

/** Parses the header. Anything that is neither Basic nor Bearer is invalid. */
export function parseAuthorization(header: string | null): Authorization {
  if (header === null) return { kind: 'none' }
  if (header.length > longest) return { kind: 'invalid' }
  const match = /^(basic|bearer) +([A-Za-z0-9._~+/-]+=*) *$/i.exec(header)
  const [, scheme = '', value = ''] = match ?? []
  if (scheme.toLowerCase() === 'bearer') return { kind: 'bearer', token: value }
  if (scheme === '') return { kind: 'invalid' }
  const text = Buffer.from(value, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 0) return { kind: 'invalid' }
  return { kind: 'password', name: text.slice(0, colon), secret: text.slice(colon + 1) }
}
