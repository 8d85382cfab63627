import { isStrakeError } from '#oci'
import { isSameSite, type ResolveHost } from '../http/address.ts'
import { RetryableError } from '../http/retry.ts'
import type { Fetch } from '../http/transport.ts'
import type { Credential, CredentialSource } from '../registry.ts'
import { type Challenge, parseChallenges } from './challenge.ts'
import { isPullOnly, repositoryOf, unionScopes } from './scope.ts'
import { fetchToken, formatBasic, realmOf, type Token } from './token.ts'

export interface AuthorizerOptions {
  /** The registry as a user writes it: the key of its credentials. */
  readonly host: string
  readonly origin: URL
  readonly fetch: Fetch
  readonly userAgent: string
  readonly resolve?: ResolveHost | undefined
  readonly credentials?: CredentialSource | undefined
  /** Hosts of token services on other sites that may get this registry's password. */
  readonly trustedRealms?: readonly string[] | undefined
  readonly now: () => number
  /** Requests a refresh token as well, for a login. */
  readonly isLogin?: boolean | undefined
}

/**
 * Makes the `Authorization` header. Starts anonymous, reads the challenges of the
 * registry, and keeps one token for each set of scopes.
 */
export class Authorizer {
  readonly #options: AuthorizerOptions
  readonly #tokens = new Map<string, Promise<Token>>()
  #challenge: Challenge | undefined
  #refreshToken: string | undefined

  constructor(options: AuthorizerOptions) {
    this.#options = options
  }

  /** Returns the header for a request that needs `scopes`, without a request to the registry. */
  async header(scopes: readonly string[], signal?: AbortSignal): Promise<string | undefined> {
    const challenge = this.#challenge
    if (challenge === undefined) return undefined
    try {
      return await this.#answer(challenge, unionScopes(scopes), signal)
    } catch (error) {
      // The registry may have another token service by now. It names it when it is asked without a token.
      if (this.#challenge === challenge) this.#challenge = undefined
      signal?.throwIfAborted()
      if (error instanceof RetryableError) throw error
      return undefined
    }
  }

  /**
   * Returns the header for a second try after a 401, or `undefined` when `used` was the
   * best one.
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

  /** The refresh token from the token service, if it sent one. */
  get refreshToken(): string | undefined {
    return this.#refreshToken
  }

  /** Returns the host of a token service that did not get the password, because it is not trusted. */
  async distrustedRealm(): Promise<string | undefined> {
    const challenge = this.#challenge
    if (challenge?.scheme !== 'bearer') return undefined
    const realm = realmOf(this.#options.origin, challenge)
    return (await this.#trusts(realm)) ? undefined : realm.host
  }

  /** Drops a token that the registry refused early. It may be kept under several sets of scopes. */
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
