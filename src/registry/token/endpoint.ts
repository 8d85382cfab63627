import type { Exchange } from '#http'
import { StrakeError } from '#oci'
import { toBuffer } from '#stream'
import { isApiToken, makeApiToken, type TokenFacts } from '../identity/api-token.ts'
import { type Authenticator, wrongCredentials } from '../identity/authenticator.ts'
import { parseAuthorization } from '../identity/authorization.ts'
import { withoutExcess } from '../policy/decide.ts'
import { anonymous, type Identity, principalName } from '../policy/identity.ts'
import type { Policy } from '../policy/rule.ts'
import { ChallengeError } from '../server/refusals.ts'
import { replyError, replyJson } from '../server/reply.ts'
import type { AccessTokens } from './access-token.ts'
import { grantScopes } from './grant-scopes.ts'

export interface TokenEndpointParts {
  readonly authenticator: Authenticator
  readonly accessTokens: AccessTokens
  readonly tokens: TokenFacts
  readonly policy: Policy
  /** How long a refresh token is good, in milliseconds. */
  readonly refreshLifetime: number
  readonly now: () => number
  /** Called with every login by this endpoint; `identity` is absent if it failed. */
  readonly onLogin?: ((exchange: Exchange, identity: Identity | undefined) => void) | undefined
}

/** The path of the endpoint. No repository has it, because no name begins with `_`. */
export const tokenPath = '/v2/_token'

const longestBody = 32 * 1024

/**
 * Answers requests for access tokens.
 *
 * @see https://distribution.github.io/distribution/spec/auth/token/
 * @see https://distribution.github.io/distribution/spec/auth/oauth/
 */
export function createTokenEndpoint(
  parts: TokenEndpointParts,
): (request: Request, exchange: Exchange) => Promise<Response> {
  return async (request, exchange) => {
    try {
      const answer = await issue(parts, request, exchange)
      return replyJson(200, answer, { 'Cache-Control': 'no-store' })
    } catch (error) {
      const isWrong = error instanceof StrakeError && error.code === 'UNAUTHORIZED'
      if (isWrong) parts.onLogin?.(exchange, undefined)
      return replyError(isWrong ? new ChallengeError('Basic realm="strake"') : error)
    }
  }
}

async function issue(
  parts: TokenEndpointParts,
  request: Request,
  exchange: Exchange,
): Promise<object> {
  const form = await readForm(request)
  const identity = await proveSender(parts, request, { form, address: exchange.address })
  exchange.principal = { name: principalName(identity) }
  if (identity.kind !== 'anonymous') parts.onLogin?.(exchange, identity)
  const scopes = grantScopes(parts.policy, identity, form.getAll('scope'))
  const token = await parts.accessTokens.sign({
    identity: withoutExcess(parts.policy, identity),
    scopes,
  })
  return {
    token,
    access_token: token,
    token_type: 'Bearer',
    expires_in: Math.ceil(parts.accessTokens.lifetime / 1000),
    issued_at: new Date(parts.now()).toISOString(),
    scope: scopes.join(' '),
    ...(await refreshTokenFor(parts, identity, form)),
  }
}

/** Returns the parameters: those of the query for GET, those of the body for POST. */
async function readForm(request: Request): Promise<URLSearchParams> {
  if (request.method === 'GET') return new URL(request.url).searchParams
  if (request.method !== 'POST' || request.body === null) {
    throw new StrakeError('UNSUPPORTED', 'Cannot make a token: send GET, or POST with a form')
  }
  const body = await toBuffer(request.body, longestBody, 'the form')
  return new URLSearchParams(Buffer.from(body).toString('utf8'))
}

async function proveSender(
  { authenticator }: TokenEndpointParts,
  request: Request,
  { form, address }: { readonly form: URLSearchParams; readonly address: string },
): Promise<Identity> {
  const grant = request.method === 'POST' ? form.get('grant_type') : null
  if (grant === 'refresh_token') {
    return authenticator.byApiToken(form.get('refresh_token') ?? '', ['refresh'])
  }
  if (grant === 'password') {
    const [name, secret] = [form.get('username') ?? '', form.get('password') ?? '']
    return authenticator.byPassword({ name, secret, address })
  }
  const given = parseAuthorization(request.headers.get('Authorization'))
  if (given.kind === 'none') return anonymous
  if (given.kind === 'password') return authenticator.byPassword({ ...given, address })
  if (given.kind === 'invalid') throw wrongCredentials()
  if (isApiToken(given.token)) return authenticator.byApiToken(given.token, ['user', 'robot'])
  const issuer = authenticator.issuerOf(given.token)
  if (issuer === undefined) throw wrongCredentials()
  return issuer.prove(given.token)
}

/**
 * Makes a token that a client keeps in place of the password. Only a user who has typed a password
 * gets one: a limited token must not become a lasting login.
 */
async function refreshTokenFor(
  { tokens, refreshLifetime, now }: TokenEndpointParts,
  identity: Identity,
  form: URLSearchParams,
): Promise<{ readonly refresh_token?: string }> {
  const isAsked = form.get('offline_token') === 'true' || form.get('access_type') === 'offline'
  const { kind, name, secretMark, tokenId } = identity
  if (!isAsked || kind !== 'user' || secretMark === undefined || tokenId !== undefined) return {}
  const label = (form.get('client_id') ?? 'client').replaceAll(/[^\x20-\x7e]/g, '').slice(0, 64)
  const [createdAt, expiresAt] = [now(), now() + refreshLifetime]
  const facts = { kind: 'refresh', owner: name, label, secretMark, createdAt, expiresAt } as const
  const { token, text } = makeApiToken(facts)
  await tokens.put(token)
  return { refresh_token: text }
}
