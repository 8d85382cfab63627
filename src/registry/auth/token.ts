import { StrakeError } from '#oci'
import { toBuffer } from '#stream'
import { peerError, readErrorResponse } from '../errors.ts'
import type { ResolveHost } from '../http/address.ts'
import { isRetryableStatus, parseRetryAfter, RetryableError } from '../http/retry.ts'
import { discard, type Fetch, resolveHop, send } from '../http/transport.ts'
import type { Credential } from '../registry.ts'
import type { Challenge } from './challenge.ts'

export interface Token {
  readonly value: string
  /** Milliseconds since the epoch. */
  readonly expires: number
  /** A refresh token that replaces the password. */
  readonly refreshToken?: string
}

export interface TokenRequest {
  readonly fetch: Fetch
  /** The registry that requires the token. */
  readonly origin: URL
  readonly challenge: Challenge
  readonly scopes: readonly string[]
  /** Absent for an anonymous token. */
  readonly credential?: Credential | undefined
  readonly userAgent: string
  readonly resolve?: ResolveHost | undefined
  readonly now: number
  /** Requests a refresh token as well, for a login. */
  readonly offline?: boolean
  readonly signal?: AbortSignal | undefined
}

const clientId = 'strake'
const maxTokenBody = 1024 * 1024

/**
 * Returns the token service of a challenge. Throws `DENIED` when the registry may not
 * name that host.
 */
export function realmOf(origin: URL, challenge: Challenge): URL {
  const realm = challenge.params.get('realm')
  if (realm === undefined || !URL.canParse(realm)) {
    throw new StrakeError(
      'UNAUTHORIZED',
      `Cannot log in to ${origin.host}: its challenge names no token service`,
    )
  }
  return resolveHop(origin, realm)
}

/**
 * Fetches a bearer token: by GET as Docker does, or by OAuth2's POST for an identity
 * token. When the service does not know one method, tries the other.
 *
 * @see https://distribution.github.io/distribution/spec/auth/token/
 */
export async function fetchToken(request: TokenRequest): Promise<Token> {
  const identity = request.credential?.identityToken
  const ways = [getToken, postToken]
  if (identity !== undefined) ways.reverse()
  const [first, second] = ways
  const response = await first?.(request)
  if (response === undefined) throw new TypeError('no way to ask for a token')
  const unknownWay = response.status === 404 || response.status === 405
  if (!unknownWay || request.credential === undefined || second === undefined) {
    return readToken(request, response)
  }
  await discard(response)
  return readToken(request, await second(request))
}

function getToken(request: TokenRequest): Promise<Response> {
  const { credential, challenge } = request
  const url = realmOf(request.origin, challenge)
  const service = challenge.params.get('service')
  if (service !== undefined) url.searchParams.set('service', service)
  for (const scope of request.scopes) url.searchParams.append('scope', scope)
  const headers: Record<string, string> = { 'User-Agent': request.userAgent }
  if (credential !== undefined) {
    url.searchParams.set('account', credential.username)
    url.searchParams.set('client_id', clientId)
    if (request.offline === true) url.searchParams.set('offline_token', 'true')
    headers['Authorization'] = formatBasic(
      credential.username,
      credential.identityToken ?? credential.secret,
    )
  }
  return send(request.fetch, {
    method: 'GET',
    url,
    headers,
    namedBy: request.origin,
    resolve: request.resolve,
    signal: request.signal,
  })
}

function postToken(request: TokenRequest): Promise<Response> {
  const { credential, challenge } = request
  const form = new URLSearchParams({
    service: challenge.params.get('service') ?? '',
    client_id: clientId,
    scope: request.scopes.join(' '),
  })
  if (credential?.identityToken !== undefined) {
    form.set('grant_type', 'refresh_token')
    form.set('refresh_token', credential.identityToken)
  } else {
    form.set('grant_type', 'password')
    form.set('username', credential?.username ?? '')
    form.set('password', credential?.secret ?? '')
    if (request.offline === true) form.set('access_type', 'offline')
  }
  const headers = {
    'User-Agent': request.userAgent,
    'Content-Type': 'application/x-www-form-urlencoded',
  }
  const url = realmOf(request.origin, challenge)
  const body = new TextEncoder().encode(form.toString())
  return send(withoutRedirects(request.fetch), {
    method: 'POST',
    url,
    headers,
    body: () => body,
    namedBy: request.origin,
    resolve: request.resolve,
    signal: request.signal,
  })
}

/** Refuses redirects, because the form has a password in it. */
function withoutRedirects(fetch: Fetch): Fetch {
  return async (url, init) => {
    const response = await fetch(url, init)
    if (response.status < 300 || response.status >= 400) return response
    await discard(response)
    throw new StrakeError('DENIED', `Cannot log in at ${new URL(url).host}: it redirects elsewhere`)
  }
}

async function readToken(request: TokenRequest, response: Response): Promise<Token> {
  const { host } = request.origin
  if (!response.ok) {
    const retryAfter = parseRetryAfter(response.headers.get('Retry-After'), request.now)
    const peer = await readErrorResponse(response)
    const what = `get a token for ${host}`
    if (isRetryableStatus(peer.status)) {
      throw new RetryableError(peerError(what, host, peer), retryAfter)
    }
    throw peerError(what, host, { ...peer, code: peer.status === 403 ? 'DENIED' : 'UNAUTHORIZED' })
  }
  const raw = await toBuffer(response.body ?? emptyBody(), maxTokenBody)
  const body = parseObject(raw)
  const value = body?.['token'] || body?.['access_token']
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) {
    throw new StrakeError('UNAUTHORIZED', `Cannot get a token for ${host}: the answer holds none`)
  }
  const lifetime = body?.['expires_in']
  const seconds = typeof lifetime === 'number' && lifetime > 0 ? lifetime : 60
  const issued = Date.parse(String(body?.['issued_at'] ?? ''))
  const start = Number.isNaN(issued) ? request.now : Math.min(issued, request.now)
  const refreshToken = body?.['refresh_token']
  return {
    value,
    expires: start + seconds * 1000,
    ...(typeof refreshToken === 'string' && refreshToken !== '' ? { refreshToken } : {}),
  }
}

export function formatBasic(username: string, secret: string): string {
  return `Basic ${Buffer.from(`${username}:${secret}`).toString('base64')}`
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}

function parseObject(raw: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(raw))
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
