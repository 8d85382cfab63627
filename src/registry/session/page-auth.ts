import type { Exchange } from '#http'
import { makeApiToken, type TokenFacts } from '../identity/api-token.ts'
import { type Authenticator, type Session, wrongCredentials } from '../identity/authenticator.ts'
import { withoutExcess } from '../policy/decide.ts'
import { type Identity, principalName } from '../policy/identity.ts'
import type { Policy } from '../policy/rule.ts'
import type { Access } from '../server/access.ts'
import type { AccessTokens } from '../token/access-token.ts'
import { cookieName, formatCookie, readCookie } from './cookie.ts'

/** How a browser signs in to the page: a form takes the password, and a cookie has the session. */
export interface PageAuth {
  /** Browsers reach the page over HTTPS. */
  readonly isSecure: boolean
  /** Accepts sessions beside all other credentials. */
  readonly access: Access
  /**
   * Begins a session and returns the header that sets its cookie. Throws `UNAUTHORIZED` for a wrong
   * password and `TooManyError` after several of them.
   */
  signIn(login: PageLogin, exchange: Exchange): Promise<string>
  /** Ends the session of a request, if it has one, and returns the header that removes the cookie. */
  signOut(request: Request): Promise<string>
  /** Ends the sessions of a user in all browsers. */
  signOutEverywhere(user: string): Promise<void>
  /** Returns the `Authorization` header for one request to the API; `undefined` without a session. */
  authorize(request: Request, scope: string): Promise<string | undefined>
}

export interface PageLogin {
  readonly name: string
  readonly password: string
  /** The browser, for the list of sessions. */
  readonly label: string
}

export interface PageAuthParts {
  readonly isSecure: boolean
  readonly authenticator: Authenticator
  readonly accessTokens: AccessTokens
  readonly tokens: TokenFacts
  readonly policy: Policy
  /** Milliseconds after which a session ends that is not used. */
  readonly idle: number
  /** Milliseconds after which every session ends. */
  readonly lifetime: number
  readonly now: () => number
  /** Makes the access of pages. */
  readonly createAccess: (bySession: FindSession) => Access
  /** Called with every login; `identity` is absent if it failed. */
  readonly onLogin?: ((exchange: Exchange, identity: Identity | undefined) => void) | undefined
}

export type FindSession = (request: Request) => Promise<Session | undefined>

const sessionCookie = 'strake-session'

export function createPageAuth(parts: PageAuthParts): PageAuth {
  const { isSecure, authenticator, accessTokens, tokens, policy } = parts
  // A link of another site to a page must show the page of the signed-in user.
  const cookieOptions = { isSecure, sameSite: 'Lax' } as const
  const find: FindSession = async (request) => {
    const text = readCookie(request, cookieName(sessionCookie, isSecure))
    return text === undefined ? undefined : authenticator.bySession(text, parts.idle)
  }
  return {
    isSecure,
    access: parts.createAccess(find),
    async signIn(login, exchange) {
      const text = await begin(parts, login, exchange)
      return formatCookie(sessionCookie, text, cookieOptions)
    },
    async signOut(request) {
      const session = await find(request)
      if (session !== undefined) await tokens.remove(session.id)
      return formatCookie(sessionCookie, undefined, cookieOptions)
    },
    async signOutEverywhere(user) {
      for await (const { id, kind, owner } of tokens.list()) {
        if (kind === 'session' && owner === user) await tokens.remove(id)
      }
    },
    async authorize(request, scope) {
      const session = await find(request)
      if (session === undefined) return undefined
      const identity = withoutExcess(policy, session.identity)
      return `Bearer ${await accessTokens.sign({ identity, scopes: [scope] })}`
    },
  }
}

/** Only the password of a user begins a session: a limited token must not become a full login. */
async function begin(
  { authenticator, tokens, lifetime, now, onLogin }: PageAuthParts,
  { name, password, label }: PageLogin,
  exchange: Exchange,
): Promise<string> {
  const login = { name, secret: password, address: exchange.address }
  const identity = await authenticator.byPassword(login).catch((error: unknown) => {
    onLogin?.(exchange, undefined)
    throw error
  })
  if (identity.kind !== 'user' || identity.tokenId !== undefined) {
    onLogin?.(exchange, undefined)
    throw wrongCredentials()
  }
  exchange.principal = { name: principalName(identity) }
  const createdAt = now()
  const { token, text } = makeApiToken({
    kind: 'session',
    owner: identity.name,
    label,
    createdAt,
    expiresAt: createdAt + lifetime,
    ...(identity.secretMark === undefined ? {} : { secretMark: identity.secretMark }),
  })
  await tokens.put(token)
  onLogin?.(exchange, identity)
  return text
}
