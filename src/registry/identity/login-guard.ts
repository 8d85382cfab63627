import { elapsed } from '../elapsed.ts'
import { TooManyError } from '../server/refusals.ts'

/** Failed logins that cost nothing but themselves. */
const free = 5

/** Milliseconds after which failures are forgotten. */
const forgotten = 15 * 60_000

const mostKnown = 20_000

/** The longest waits in milliseconds. A user is slowed only a little, so that others cannot lock it out. */
const longest = { address: 300_000, user: 10_000 }

interface Failures {
  readonly count: number
  readonly at: number
}

/**
 * Slows the guessing of passwords: after five failures an address, and a user, has to wait before
 * the next try, twice as long after each further one. A right password clears only the failures of its
 * own user at its own address, so that nobody clears the guesses of others' passwords by it. Memory
 * is bounded.
 */
export class LoginGuard {
  readonly #now: () => number
  readonly #failures = new Map<string, Failures>()

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** Throws `TooManyError` while a login must wait. */
  check(address: string, user: string): void {
    const { waits } = keysOf(address, user)
    for (const [key, most] of waits) {
      const { count, at } = this.#find(key)
      if (count < free) continue
      const wait = Math.min(1000 * 2 ** Math.min(count - free, 20), most) - elapsed(this.#now(), at)
      if (wait > 0) {
        throw new TooManyError('Cannot log in: too many failed logins, wait a moment', wait / 1000)
      }
    }
  }

  failed(address: string, user: string): void {
    const { waits, own } = keysOf(address, user)
    for (const key of [own, ...waits.map(([each]) => each)]) {
      const { count } = this.#find(key)
      this.#failures.delete(key)
      this.#failures.set(key, { count: count + 1, at: this.#now() })
    }
    for (const key of this.#failures.keys()) {
      if (this.#failures.size <= mostKnown) break
      this.#failures.delete(key)
    }
  }

  succeeded(address: string, user: string): void {
    const { waits, own } = keysOf(address, user)
    const cleared = this.#find(own).count
    this.#failures.delete(own)
    for (const [key] of waits) {
      const { count, at } = this.#find(key)
      if (count > cleared) this.#failures.set(key, { count: count - cleared, at })
      else this.#failures.delete(key)
    }
  }

  #find(key: string): Failures {
    const found = this.#failures.get(key)
    if (found !== undefined && elapsed(this.#now(), found.at) < forgotten) return found
    return { count: 0, at: 0 }
  }
}

interface Keys {
  /** What has to wait, and its longest wait. */
  readonly waits: readonly (readonly [key: string, longest: number])[]
  /** The failures of one user at one address. */
  readonly own: string
}

function keysOf(address: string, user: string): Keys {
  const [network, name] = [networkOf(address), user.slice(0, 128)]
  return {
    waits: [
      [`address ${network}`, longest.address],
      [`user ${name}`, longest.user],
    ],
    own: `own ${network} ${name}`,
  }
}

/** Returns the network of one household or machine: an IPv6 client has 2^64 addresses. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const middle =
    tail === undefined ? [] : Array(Math.max(0, 8 - left.length - right.length)).fill('0')
  return `${[...left, ...middle, ...right].slice(0, 4).join(':')}::/64`
}
