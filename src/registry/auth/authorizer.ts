import { isStrakeError } from '#oci'
import { isSameSite, type ResolveHost } from '../http/address.ts'
import type { Fetch } from '../http/transport.ts'
import type { Credential, CredentialSource } from '../registry.ts'
import { type Challenge, parseChallenges } from './challenge.ts'
import { isPullOnly, repositoryOf, unionScopes } from './scope.ts'
import { fetchToken, formatBasic, realmOf, type Token } from './token.ts'

export interface AuthorizerOptions {
  /** The registry as users write it: the key of its credentials. */
  readonly host: string
  readonly origin: URL
  readonly fetch: Fetch
  readonly userAgent: string
  readonly resolve?: ResolveHost | undefined
  readonly credentials?: CredentialSource | undefined
  /** Hosts of token services that may see this registry's password although they are elsewhere. */
  readonly trustedRealms?: readonly string[] | undefined
  readonly now: () => number
  /** Asks the token service for a refresh token as well, as a login does. */
  readonly isLogin?: boolean | undefined
}

/**
 * What to put into `Authorization`. Starts out anonymous, learns from the
 * challenges of the registry, keeps one token per set of scopes.
 */
export class Authorizer {
  readonly #options: AuthorizerOptions
  readonly #tokens = new Map<string, Promise<Token>>()
  #challenge: Challenge | undefined
  #refreshToken: string | undefined

  constructor(options: AuthorizerOptions) {
    this.#options = options
  }

  /** The header for a request that needs `scopes`, as far as is known without asking the registry. */
  async header(scopes: readonly string[], signal?: AbortSignal): Promise<string | undefined> {
    if (this.#challenge === undefined) return undefined
    return this.#answer(this.#challenge, unionScopes(scopes), signal)
  }

  /**
   * The header to try again with after a 401; `undefined` when there is nothing
   * better to offer than `used`.
   */
  async retry(
    response: Response,
    scopes: readonly string[],
    used: string | undefined,
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    const challenges = parseChallenges(response.headers.get('WWW-Authenticate') ?? '')
    const challenge =
      challenges.find(({ scheme }) => scheme === 'bearer') ??
      challenges.find(({ scheme }) => scheme === 'basic')
    if (challenge === undefined) return undefined
    this.#challenge = challenge
    const wanted = unionScopes(scopes)
    const asked = unionScopes([...wanted, challenge.params.get('scope') ?? ''])
    if (used !== undefined) await this.#forget(used)
    const header = await this.#answer(challenge, asked, signal)
    const token = this.#tokens.get(asked.join(' '))
    if (token !== undefined) this.#tokens.set(wanted.join(' '), token)
    return header === used ? undefined : header
  }

  /** The refresh token that a token service gave for the credentials, if it gave one. */
  get refreshToken(): string | undefined {
    return this.#refreshToken
  }

  /** The host of a token service that was not given the password it may have wanted. */
  async distrustedRealm(): Promise<string | undefined> {
    const challenge = this.#challenge
    if (challenge?.scheme !== 'bearer') return undefined
    const realm = realmOf(this.#options.origin, challenge)
    return (await this.#trusts(realm)) ? undefined : realm.host
  }

  /** A registry may refuse a token before its time; the same one may be kept under several scopes. */
  async #forget(header: string): Promise<void> {
    for (const [key, fetching] of this.#tokens) {
      const token = await fetching.catch(() => undefined)
      if (token === undefined || `Bearer ${token.value}` === header) this.#tokens.delete(key)
    }
  }

  async #answer(
    challenge: Challenge,
    scopes: readonly string[],
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    const { host, credentials } = this.#options
    const credential = await credentials?.(host, repositoryOf(scopes))
    if (challenge.scheme === 'basic') {
      if (credential === undefined || credential.secret === '') return undefined
      return formatBasic(credential.username, credential.secret)
    }
    if (credential?.registryToken !== undefined) return `Bearer ${credential.registryToken}`
    const token = await this.#token(challenge, scopes, credential, signal)
    return `Bearer ${token.value}`
  }

  async #token(
    challenge: Challenge,
    scopes: readonly string[],
    credential: Credential | undefined,
    signal?: AbortSignal,
  ): Promise<Token> {
    const key = scopes.join(' ')
    const cached = await this.#tokens.get(key)?.catch(() => undefined)
    if (cached !== undefined && cached.expires - 10_000 > this.#options.now()) return cached
    const fetching = this.#fetchToken(challenge, scopes, credential, signal)
    this.#tokens.set(key, fetching)
    fetching.catch(() => this.#tokens.delete(key))
    return fetching
  }

  async #fetchToken(
    challenge: Challenge,
    scopes: readonly string[],
    credential: Credential | undefined,
    signal?: AbortSignal,
  ): Promise<Token> {
    const { origin, fetch, userAgent, resolve, now } = this.#options
    const realm = realmOf(origin, challenge)
    const request = { fetch, origin, challenge, scopes, userAgent, resolve, now: now(), signal }
    if (credential === undefined || !(await this.#trusts(realm))) return fetchToken(request)
    try {
      const offline = this.#options.isLogin === true
      const token = await fetchToken({ ...request, credential, offline })
      this.#refreshToken = token.refreshToken
      return token
    } catch (error) {
      const mayReadAnyway = scopes.length > 0 && isPullOnly(scopes)
      if (!mayReadAnyway || !isStrakeError(error, 'UNAUTHORIZED')) throw error
      return fetchToken(request).catch(() => {
        throw error
      })
    }
  }

  async #trusts(realm: URL): Promise<boolean> {
    const { origin, trustedRealms = [] } = this.#options
    return trustedRealms.includes(realm.host) || isSameSite(realm.hostname, origin.hostname)
  }
}
