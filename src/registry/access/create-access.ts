import type { Exchange } from '#http'
import { StrakeError } from '#oci'
import { isApiToken } from '../identity/api-token.ts'
import { type Authenticator, wrongCredentials } from '../identity/authenticator.ts'
import { parseAuthorization } from '../identity/authorization.ts'
import { decide, isAdministrator, knowsAnonymous } from '../policy/decide.ts'
import { anonymous, type Identity, principalName } from '../policy/identity.ts'
import type { Policy } from '../policy/rule.ts'
import type { Access, Grant } from '../server/access.ts'
import { ChallengeError, DeniedError, type RefusalDetail } from '../server/refusals.ts'
import type { FindSession } from '../session/page-auth.ts'
import type { AccessTokens } from '../token/access-token.ts'
import { type Right, rightsOf } from '../token/grant-scopes.ts'
import type { Challenge } from './challenge.ts'
import type { RateLimit } from './rate-limit.ts'

export interface AccessParts {
  readonly authenticator: Authenticator
  readonly accessTokens: AccessTokens
  readonly policy: Policy
  readonly challenge: Challenge
  readonly rateLimit?: RateLimit | undefined
  /** Returns the user of a client certificate. */
  readonly byCertificate?: ((certificate: Uint8Array) => Identity | undefined) | undefined
  /** Returns the session of a browser. Only the page has it: the API takes no cookies. */
  readonly bySession?: FindSession | undefined
}

/** A proved sender. A sender with an access token has no more rights than the token. */
interface Sender {
  readonly identity: Identity
  readonly scopes?: readonly string[] | undefined
  /** The ID of the session that proved the sender. */
  readonly session?: string | undefined
}

/**
 * Decides about requests by credentials and rules. Nothing is read from the registry, so an answer
 * shows nothing about what exists.
 */
export function createAccess(parts: AccessParts): Access {
  return async (request, scopes, exchange) => {
    parts.rateLimit?.take('address', exchange.address)
    const sender = await proveSender(parts, request, { exchange, scopes })
    const name = principalName(sender.identity)
    exchange.principal = { name }
    if (name !== undefined) parts.rateLimit?.take('user', name)
    for (const scope of scopes) requireScope(parts, sender, { scope, scopes, request })
    // A client asks here how it has to log in, and whether its login is right.
    if (scopes.length === 0 && sender.scopes === undefined && name === undefined) {
      throw new ChallengeError(parts.challenge(request, scopes))
    }
    return grantOf(parts.policy, sender)
  }
}

async function proveSender(
  parts: AccessParts,
  request: Request,
  { exchange, scopes }: { readonly exchange: Exchange; readonly scopes: readonly string[] },
): Promise<Sender> {
  const given = parseAuthorization(request.headers.get('Authorization'))
  const { authenticator } = parts
  const { address } = exchange
  try {
    switch (given.kind) {
      case 'none':
        return await withoutHeader(parts, request, exchange)
      case 'password':
        return { identity: await authenticator.byPassword({ ...given, address }) }
      case 'bearer':
        return await byBearer(parts, given.token)
      case 'invalid':
        throw wrongCredentials()
    }
  } catch (error) {
    if (!(error instanceof StrakeError && error.code === 'UNAUTHORIZED')) throw error
    const detail = { reason: error.message }
    throw new ChallengeError(parts.challenge(request, scopes, 'invalid_token'), detail)
  }
}

async function withoutHeader(
  parts: AccessParts,
  request: Request,
  exchange: Exchange,
): Promise<Sender> {
  const session = await parts.bySession?.(request)
  if (session !== undefined) return { identity: session.identity, session: session.id }
  return { identity: certified(parts, exchange) ?? anonymous }
}

function certified(
  { byCertificate }: AccessParts,
  { certificate }: Exchange,
): Identity | undefined {
  return certificate === undefined ? undefined : byCertificate?.(certificate)
}

async function byBearer(
  { authenticator, accessTokens }: AccessParts,
  token: string,
): Promise<Sender> {
  if (isApiToken(token)) {
    return { identity: await authenticator.byApiToken(token, ['user', 'robot']) }
  }
  const own = await accessTokens.prove(token)
  if (own !== undefined) {
    if (await authenticator.isCurrent(own.identity)) return own
    throw wrongCredentials()
  }
  const issuer = authenticator.issuerOf(token)
  if (issuer === undefined) throw wrongCredentials()
  return { identity: await issuer.prove(token) }
}

interface Asked {
  readonly scope: string
  /** All scopes of the request. */
  readonly scopes: readonly string[]
  readonly request: Request
}

function requireScope(parts: AccessParts, sender: Sender, asked: Asked): void {
  const { scope, scopes, request } = asked
  const { identity } = sender
  const refusal = refusalOf(parts.policy, identity, scope)
  if (refusal !== undefined) {
    const name = principalName(identity)
    if (name !== undefined) throw new DeniedError(name, refusal)
    throw new ChallengeError(parts.challenge(request, scopes), refusal)
  }
  if (!isGranted(sender, scope)) {
    const reason = 'the access token lacks this right'
    throw new ChallengeError(parts.challenge(request, scopes, 'insufficient_scope'), { reason })
  }
}

function refusalOf(policy: Policy, identity: Identity, scope: string): RefusalDetail | undefined {
  const rights = rightsOf(scope)
  if (rights === undefined) {
    // The list of repositories: it shows only what the sender may pull.
    const mayAsk = identity.kind !== 'anonymous' || knowsAnonymous(policy)
    return mayAsk ? undefined : { action: 'list', reason: 'no rule is about anonymous senders' }
  }
  for (const right of rights) {
    const { isAllowed, rule, reason } = decide(policy, identity, right)
    if (!isAllowed) return { ...right, rule, reason }
  }
  return undefined
}

/** Returns true unless the sender has an access token without the scope. */
function isGranted({ scopes }: Sender, scope: string): boolean {
  if (scopes === undefined) return true
  const wanted = rightsOf(scope)
  if (wanted === undefined) return scopes.includes(scope)
  const granted = scopes.flatMap((each) => rightsOf(each) ?? [])
  return wanted.every((right) => granted.some((each) => isSame(each, right)))
}

function isSame(one: Right, other: Right): boolean {
  return one.action === other.action && one.repository === other.repository
}

function grantOf(policy: Policy, sender: Sender): Grant {
  const { identity } = sender
  return {
    name: principalName(identity),
    may: (scope) => refusalOf(policy, identity, scope) === undefined && isGranted(sender, scope),
    // The token for a list names no repository, so here the rules alone decide.
    isAdmin: sender.scopes === undefined && isAdministrator(policy, identity),
    user: isUserItself(sender) ? identity.name : undefined,
    session: sender.session,
    sees: (repository) => decide(policy, identity, { action: 'pull', repository }).isAllowed,
  }
}

/** Returns true unless a token stands for the user, or for something else. */
function isUserItself({ identity, scopes }: Sender): boolean {
  const { kind, tokenId } = identity
  return kind === 'user' && tokenId === undefined && scopes === undefined
}
