import { createHmac, randomBytes } from 'node:crypto'
import { elapsed } from '../elapsed.ts'
import type { Identity } from '../policy/identity.ts'
import type { UserDirectory } from './directory.ts'

/** Milliseconds for which a password is known to be right: clients send it with every request. */
const remembered = 5 * 60_000

const mostRemembered = 10_000

interface Login {
  readonly identity: Identity
  readonly directory: UserDirectory
  readonly at: number
}

/** Logins with a right password, so that each is checked once in five minutes. */
export class RememberedLogins {
  readonly #key = randomBytes(32)
  readonly #now: () => number
  /** By a keyed hash, so that memory holds no password. */
  readonly #logins = new Map<string, Login>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** Returns the sender of a login that was right, unless the password has changed since. */
  async find(name: string, password: string): Promise<Identity | undefined> {
    const login = this.#logins.get(this.#keyOf(name, password))
    if (login === undefined || elapsed(this.#now(), login.at) >= remembered) return undefined
    const { identity, directory } = login
    // A user without a mark is known to a server that is asked again after five minutes.
    if (identity.secretMark === undefined) return identity
    const current = await directory.find(name)
    return current?.secretMark === identity.secretMark ? current : undefined
  }

  add(name: string, password: string, login: Omit<Login, 'at'>): void {
    const key = this.#keyOf(name, password)
    this.#logins.delete(key)
    this.#logins.set(key, { ...login, at: this.#now() })
    const [oldest] = this.#logins.keys()
    if (this.#logins.size > mostRemembered && oldest !== undefined) this.#logins.delete(oldest)
  }

  #keyOf(name: string, password: string): string {
    return createHmac('sha256', this.#key).update(`${name}\0${password}`).digest('base64')
  }
}
