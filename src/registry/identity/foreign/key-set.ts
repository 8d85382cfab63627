import type { JSONWebKeySet, JWK } from 'jose'
import { StrakeError } from '#oci'
import { toBuffer } from '#stream'
import { elapsed } from '../../elapsed.ts'

/** Milliseconds for which keys are used without asking the issuer. */
const fresh = 10 * 60_000

/** Milliseconds for which keys are used while the issuer does not answer. */
const usable = 24 * 3_600_000

/** Milliseconds between two questions about a key that is not known. */
const cooldown = 30_000

/** Milliseconds for one answer. */
const patience = 5000

const mostBytes = 1024 * 1024
const mostKeys = 100

type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface KeySetOptions {
  readonly issuer: string
  readonly now: () => number
  /** Default: that of the runtime. */
  readonly fetch?: Fetch | undefined
}

/**
 * The public keys of an issuer, as its discovery document names them. They are asked for when they
 * are needed, at most once in half a minute, however many tokens name keys that do not exist.
 */
export class KeySet {
  readonly #options: KeySetOptions
  #keys: readonly JWK[] = []
  #readAt = Number.NEGATIVE_INFINITY
  #askedAt = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | undefined

  constructor(options: KeySetOptions) {
    this.#options = options
  }

  /** Returns the keys, in which one with the ID is if the issuer has it. Throws `UNAVAILABLE`. */
  async read(keyId: string | undefined): Promise<JSONWebKeySet> {
    const { now } = this.#options
    const age = elapsed(now(), this.#readAt)
    const isKnown = keyId === undefined || this.#keys.some(({ kid }) => kid === keyId)
    if ((age >= fresh || !isKnown) && elapsed(now(), this.#askedAt) >= cooldown) {
      this.#asking ??= this.#ask().finally(() => {
        this.#asking = undefined
      })
    }
    const failure = await this.#asking?.catch((error: unknown) => error)
    if (now() - this.#readAt < usable) return { keys: [...this.#keys] }
    throw new StrakeError('UNAVAILABLE', `Cannot ask ${this.#options.issuer} for its keys`, {
      cause: failure,
    })
  }

  async #ask(): Promise<void> {
    const { issuer, now } = this.#options
    this.#askedAt = now()
    const discovery = await this.#get(
      `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    )
    const { issuer: named, jwks_uri: url } = discovery
    if (named !== issuer || typeof url !== 'string') {
      throw new Error(`the discovery document of ${issuer} is of another issuer`)
    }
    // Who can change the keys on their way can make tokens.
    if (issuer.startsWith('https:') && !url.startsWith('https:')) {
      throw new Error(`the keys of ${issuer} are not served over HTTPS`)
    }
    const { keys } = await this.#get(url)
    if (!Array.isArray(keys)) throw new Error(`the keys of ${issuer} are no list`)
    this.#keys = keys.filter(isPublicKey).slice(0, mostKeys)
    this.#readAt = now()
  }

  async #get(url: string): Promise<Readonly<Record<string, unknown>>> {
    const { fetch: ask = fetch } = this.#options
    const signal = AbortSignal.timeout(patience)
    const response = await ask(url, {
      redirect: 'error',
      headers: { Accept: 'application/json' },
      signal,
    })
    if (!response.ok || response.body === null)
      throw new Error(`${url} answered ${response.status}`)
    const bytes = await toBuffer(response.body, mostBytes, url)
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    if (typeof value !== 'object' || value === null) throw new Error(`${url} is no object`)
    return value as Readonly<Record<string, unknown>>
  }
}

/** Keys with a shared secret prove nothing, because the issuer publishes this list. */
function isPublicKey(key: unknown): key is JWK {
  if (typeof key !== 'object' || key === null) return false
  const { kty, use } = key as JWK
  return (kty === 'RSA' || kty === 'EC' || kty === 'OKP') && (use === undefined || use === 'sig')
}
