import { StrakeError } from '#oci'
import { elapsed } from '../elapsed.ts'
import { type Identity, loginName, robotPrefix } from '../policy/identity.ts'
import { type ApiToken, isApiToken, proveApiToken, type TokenFacts } from './api-token.ts'
import type { UserDirectory } from './directory.ts'
import type { LoginGuard } from './login-guard.ts'
import { RememberedLogins } from './remembered-logins.ts'

/** Accepts the tokens of one foreign issuer. */
export interface TokenIssuer {
  /** True if the token says that it is of this issuer; nothing is proved by that. */
  isNamedBy(token: string): boolean
  /** Returns the sender. Throws `UNAUTHORIZED` for a token that is not valid here. */
  prove(token: string): Promise<Identity>
}

export interface AuthenticatorParts {
  /** Asked in this order. */
  readonly directories: readonly UserDirectory[]
  readonly tokens: TokenFacts
  readonly issuers: readonly TokenIssuer[]
  readonly guard: LoginGuard
  readonly now: () => number
}

/** A name and a secret, and where they come from. */
export interface Login {
  readonly name: string
  readonly secret: string
  readonly address: string
}

/** A browser in which a user has signed in. */
export interface Session {
  readonly id: string
  readonly identity: Identity
}

/** The user name of a login whose password is the token of a foreign issuer. */
const issuerUser = 'oidc'

/** Milliseconds by which the recorded time of use of a token may be too early. */
const usedResolution = 60_000

/** Proves who a sender is. Every method throws `UNAUTHORIZED` for wrong credentials, and says no more. */
export class Authenticator {
  readonly #parts: AuthenticatorParts
  readonly #remembered: RememberedLogins

  constructor(parts: AuthenticatorParts) {
    this.#parts = parts
    this.#remembered = new RememberedLogins(parts.now)
  }

  /** The password may be that of a user, a personal token, that of a robot, or that of an issuer. */
  async byPassword(login: Login): Promise<Identity> {
    const { name, secret, address } = login
    const { guard } = this.#parts
    const known = await this.#remembered.find(name, secret)
    if (known !== undefined) return known
    const attempt = await guard.begin(address, name)
    const found = await this.#tryPassword(login)
    if (found !== undefined) {
      // A limited token must not let its holder guess the password of its owner for ever.
      if (found.tokenId === undefined) await attempt.succeeded()
      return found
    }
    await attempt.failed()
    throw wrongCredentials()
  }

  async #tryPassword({ name, secret }: Login): Promise<Identity | undefined> {
    if (secret === '') return undefined
    if (isApiToken(secret)) {
      const identity = await unlessWrong(this.byApiToken(secret, ['user', 'robot']))
      return identity !== undefined && loginName(identity) === name ? identity : undefined
    }
    if (name === issuerUser) return this.#tryIssuers(secret)
    if (!isUserName(name)) return undefined
    for (const directory of this.#parts.directories) {
      const identity = await directory.check(name, secret)
      if (identity === undefined) continue
      this.#remembered.add(name, secret, { identity, directory })
      return identity
    }
    return undefined
  }

  async #tryIssuers(token: string): Promise<Identity | undefined> {
    const issuer = this.issuerOf(token)
    return issuer && unlessWrong(issuer.prove(token))
  }

  /** Returns the foreign issuer that a bearer token names. */
  issuerOf(token: string): TokenIssuer | undefined {
    return this.#parts.issuers.find((issuer) => issuer.isNamedBy(token))
  }

  async byApiToken(text: string, kinds: readonly ApiToken['kind'][]): Promise<Identity> {
    const { tokens, now } = this.#parts
    const token = await proveApiToken(tokens, text, now())
    const identity = token && kinds.includes(token.kind) ? await this.#ownerOf(token) : undefined
    if (token === undefined || identity === undefined) throw wrongCredentials()
    await this.#noteUse(token)
    return identity
  }

  /**
   * Returns the user of a session that was used within `idle` milliseconds. A session has all rights
   * of its user; it ends with the user and with a changed password.
   */
  async bySession(text: string, idle: number): Promise<Session | undefined> {
    const { tokens, now } = this.#parts
    const token = await proveApiToken(tokens, text, now())
    if (token?.kind !== 'session') return undefined
    if (elapsed(now(), token.usedAt ?? token.createdAt) >= idle) return undefined
    const owner = await this.#ownerOf(token)
    if (owner === undefined) return undefined
    await this.#noteUse(token, Math.min(usedResolution, idle / 4))
    const { tokenId: _, ...identity } = owner
    return { id: token.id, identity }
  }

  async #noteUse({ id, usedAt = 0 }: ApiToken, resolution = usedResolution): Promise<void> {
    const { tokens, now } = this.#parts
    if (elapsed(now(), usedAt) < resolution) return
    // A full disk must not lock the owners of tokens out.
    await tokens.noteUse(id, now()).catch(() => {})
  }

  /** Returns false when the sender of an access token has meanwhile lost what the token stands for. */
  async isCurrent(identity: Identity): Promise<boolean> {
    const { tokenId, secretMark, kind, name } = identity
    if (tokenId !== undefined) {
      const token = await this.#parts.tokens.find(tokenId)
      return token !== undefined && (await this.#ownerOf(token)) !== undefined
    }
    if (kind !== 'user' || secretMark === undefined) return true
    return (await this.#findUser(name))?.secretMark === secretMark
  }

  /** Returns the owner with the limits of the token; `undefined` when the owner is gone. */
  async #ownerOf(token: ApiToken): Promise<Identity | undefined> {
    const { id, kind, owner, scopes, secretMark } = token
    const limits = { tokenId: id, ...(scopes === undefined ? {} : { scopes }) }
    if (kind === 'robot') return { kind: 'robot', name: owner, groups: [], ...limits }
    const user = await this.#findUser(owner)
    const isChanged = secretMark !== undefined && user?.secretMark !== secretMark
    return user === undefined || isChanged ? undefined : { ...user, ...limits }
  }

  async #findUser(name: string): Promise<Identity | undefined> {
    for (const directory of this.#parts.directories) {
      const found = await directory.find(name)
      if (found !== undefined) return found
    }
    return undefined
  }
}

async function unlessWrong(proving: Promise<Identity>): Promise<Identity | undefined> {
  try {
    return await proving
  } catch (error) {
    if (error instanceof StrakeError && error.code === 'UNAUTHORIZED') return undefined
    throw error
  }
}

/** A user of a directory must not have the name of a robot or a job in logs and uploads. */
export function isUserName(name: string): boolean {
  return /^[^\s:/\\\0]{1,128}$/u.test(name) && !name.startsWith(robotPrefix)
}

export function wrongCredentials(): StrakeError {
  return new StrakeError('UNAUTHORIZED', 'Cannot log in: the name or the password is wrong')
}
