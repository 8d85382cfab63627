import { withoutPasswords } from '#dockerfile'
import { StrakeError } from '#oci'
import { redact } from './refusal.ts'

/** The passwords that a build has for web servers. */
export interface HttpCredentials {
  /** `HTTP_AUTH_HEADER_<host>` and `HTTP_AUTH_TOKEN_<host>`. */
  readonly secrets: ReadonlyMap<string, Uint8Array>
  /** `user:password` of URLs in the Dockerfile, by URL without it. */
  readonly userinfo: ReadonlyMap<string, string>
}

/** Takes the user name and the password out of a URL. They must not be part of a key. */
export function splitUserinfo(text: string): { readonly url: string; readonly userinfo?: string } {
  if (!URL.canParse(text)) return { url: text }
  const url = new URL(text)
  if (url.username === '' && url.password === '') return { url: text }
  const userinfo = `${decoded(url.username)}:${decoded(url.password)}`
  url.username = ''
  url.password = ''
  return { url: url.href, userinfo }
}

/** As `splitUserinfo`, for a text that has to be a URL. Throws `INVALID` for another. */
export function readHttpUrl(text: string): ReturnType<typeof splitUserinfo> {
  if (URL.canParse(text)) return splitUserinfo(text)
  const shown = withoutPasswords(text)
  throw new StrakeError('INVALID', `Cannot use the URL ${shown}: it is not valid`, {
    remedy: 'check its host and port',
  })
}

/**
 * Returns the `Authorization` header for a request. A redirect to another host gets only
 * what is for that host. A secret travels only with TLS or on this machine.
 */
export function authorizationFor(
  url: URL,
  { secrets, userinfo }: HttpCredentials,
): Readonly<Record<string, string>> {
  const own = userinfo.get(redact(url))
  if (own !== undefined) {
    return { Authorization: `Basic ${Buffer.from(own).toString('base64')}` }
  }
  const { hostname, protocol } = url
  const isPrivate =
    protocol === 'https:' || /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)
  if (!isPrivate) return {}
  const header = textOf(secrets.get(`HTTP_AUTH_HEADER_${hostname}`))
  if (header !== undefined) return { Authorization: header }
  const token = textOf(secrets.get(`HTTP_AUTH_TOKEN_${hostname}`))
  return token === undefined ? {} : { Authorization: `Bearer ${token}` }
}

function textOf(secret: Uint8Array | undefined): string | undefined {
  if (secret === undefined) return undefined
  const text = Buffer.from(secret).toString().trim()
  return /^[\x20-\x7e]+$/.test(text) ? text : undefined
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return text
    throw error
  }
}
