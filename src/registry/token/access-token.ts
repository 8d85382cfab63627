import { randomUUID } from 'node:crypto'
import type { CryptoKey } from 'jose'
import { StrakeError } from '#oci'
import type { Identity } from '../policy/identity.ts'
import { signingAlgorithm } from './signing-key.ts'
import type { SigningKeys } from './signing-keys.ts'

/** What an access token of ours proves. */
export interface AccessToken {
  readonly identity: Identity
  /** Granted rights, `repository:app:pull,push`. */
  readonly scopes: readonly string[]
}

export interface AccessTokenOptions {
  readonly keys: SigningKeys
  /** The name of this registry: issuer and audience of its tokens. */
  readonly service: string
  /** Milliseconds. */
  readonly lifetime: number
  readonly now: () => number
}

/** A longer text is no token of ours. */
const longest = 8 * 1024

const mostRemembered = 10_000

/** Makes and proves access tokens, which are JWTs in the form of Docker's token specification. */
export class AccessTokens {
  readonly lifetime: number
  readonly #options: AccessTokenOptions
  /** Proved tokens and when they end, so that a signature is computed once a token. */
  readonly #proved = new Map<string, { readonly token: AccessToken; readonly ends: number }>()

  constructor(options: AccessTokenOptions) {
    this.#options = options
    this.lifetime = options.lifetime
  }

  /** Throws `DENIED` for a sender with so many groups, claims or limits that no server would accept it. */
  async sign({ identity, scopes }: AccessToken): Promise<string> {
    const { SignJWT } = await import('jose')
    const { keys, service, lifetime, now } = this.#options
    const key = await keys.current()
    const issued = Math.floor(now() / 1000)
    const text = await new SignJWT({ access: scopes.map(toAccess), strake: identity })
      .setProtectedHeader({ alg: signingAlgorithm, typ: 'JWT', kid: key.id })
      .setIssuer(service)
      .setAudience(service)
      .setSubject(identity.name)
      .setIssuedAt(issued)
      .setNotBefore(issued - 30)
      .setExpirationTime(issued + Math.ceil(lifetime / 1000))
      .setJti(randomUUID())
      .sign(key.sign)
    if (text.length <= longest) return text
    const message = `Cannot make an access token for ${identity.name}: its groups, claims and scopes are too long`
    throw new StrakeError('DENIED', message, {
      remedy: 'make a token with fewer scopes, such as team/**:pull',
    })
  }

  /** Returns what the token proves; `undefined` for a token that is not of this registry or has ended. */
  async prove(text: string): Promise<AccessToken | undefined> {
    if (text.length > longest) return undefined
    const { now } = this.#options
    const known = this.#proved.get(text)
    if (known !== undefined && known.ends > now()) return known.token
    this.#proved.delete(text)
    const payload = await this.#verify(text).catch(() => undefined)
    if (payload === undefined) return undefined
    const access = payload['access'] as readonly Access[]
    const identity = payload['strake'] as Identity
    const token = { identity, scopes: access.map(fromAccess) }
    this.#remember(text, { token, ends: Number(payload['exp']) * 1000 })
    return token
  }

  async #verify(text: string): Promise<Readonly<Record<string, unknown>>> {
    const { jwtVerify } = await import('jose')
    const { keys, service, now } = this.#options
    // The keys and the algorithm are ours: the header of the token only says which of these keys.
    const verifier = async ({ kid }: { readonly kid?: string }): Promise<CryptoKey> => {
      const key = await keys.find(kid)
      if (key === undefined) throw new TypeError('no key of this registry')
      return key.verify
    }
    const { payload } = await jwtVerify(text, verifier, {
      algorithms: [signingAlgorithm],
      issuer: service,
      audience: service,
      requiredClaims: ['exp', 'nbf', 'strake', 'access'],
      currentDate: new Date(now()),
    })
    return payload
  }

  #remember(text: string, proved: { readonly token: AccessToken; readonly ends: number }): void {
    this.#proved.set(text, proved)
    const [oldest] = this.#proved.keys()
    if (this.#proved.size > mostRemembered && oldest !== undefined) this.#proved.delete(oldest)
  }
}

interface Access {
  readonly type: string
  readonly name: string
  readonly actions: readonly string[]
}

function toAccess(scope: string): Access {
  const [type = '', name = '', actions = ''] = scope.split(':')
  return { type, name, actions: actions.split(',') }
}

function fromAccess({ type, name, actions }: Access): string {
  return `${type}:${name}:${actions.join(',')}`
}
