import { elapsed } from '../elapsed.ts'
import { TooManyError } from '../server/refusals.ts'

/** Failed logins that cost nothing but themselves. */
const free = 5

/** Milliseconds after which failures are forgotten. */
export const forgotten: number = 15 * 60_000

const mostKnown = 20_000

/** The longest waits in milliseconds. A user is slowed only a little, so that others cannot lock it out. */
const longest = { address: 300_000, user: 10_000 }

export interface Failures {
  readonly count: number
  /** When the last one was, in milliseconds since 1970. */
  readonly at: number
}

/** Failures that replicas count together. */
export interface FailureFacts {
  /** Returns the failures of each key that has some. */
  find(keys: readonly string[]): Promise<ReadonlyMap<string, Failures>>
  /** Counts one more for each key. What is older than `forgotten` does not count. */
  add(keys: readonly string[], at: number, forgotten: number): Promise<void>
  /** Removes the failures of the key `own`, and takes as many off the others. */
  clear(own: string, others: readonly string[]): Promise<void>
}

/** A login that may be tried. The caller reports its outcome by one of the functions. */
export interface Attempt {
  failed(): Promise<void>
  succeeded(): Promise<void>
}

/**
 * Slows the guessing of passwords: after five failures an address, and a user, has to wait before
 * the next try, twice as long after each further one. A right password clears only the failures of its
 * own user at its own address, so that nobody clears the guesses of others' passwords by it. Memory
 * is bounded.
 *
 * With `shared`, the failures at all replicas count. While it does not answer, those at this one do.
 */
export class LoginGuard {
  readonly #now: () => number
  readonly #shared: FailureFacts | undefined
  readonly #failures = new Map<string, Failures>()

  constructor(now: () => number = Date.now, shared?: FailureFacts) {
    this.#now = now
    this.#shared = shared
  }

  /** Throws `TooManyError` while a login must wait. */
  async begin(address: string, user: string): Promise<Attempt> {
    const keys = keysOf(address, user)
    // One that waits already costs no query.
    this.#check(keys)
    if (this.#shared !== undefined) {
      await this.#read(this.#shared, keys)
      this.#check(keys)
    }
    return { failed: () => this.#failed(keys), succeeded: () => this.#succeeded(keys) }
  }

  #check({ waits }: Keys): void {
    for (const [key, most] of waits) {
      const { count, at } = this.#find(key)
      if (count < free) continue
      const wait = Math.min(1000 * 2 ** Math.min(count - free, 20), most) - elapsed(this.#now(), at)
      if (wait > 0) {
        throw new TooManyError('Cannot log in: too many failed logins, wait a moment', wait / 1000)
      }
    }
  }

  async #read(shared: FailureFacts, keys: Keys): Promise<void> {
    const all = allOf(keys)
    const found = await shared.find(all).catch(() => undefined)
    if (found === undefined) return
    for (const key of all) this.#set(key, found.get(key) ?? { count: 0, at: 0 })
  }

  async #failed(keys: Keys): Promise<void> {
    const [all, at] = [allOf(keys), this.#now()]
    for (const key of all) this.#set(key, { count: this.#find(key).count + 1, at })
    for (const key of this.#failures.keys()) {
      if (this.#failures.size <= mostKnown) break
      this.#failures.delete(key)
    }
    await this.#shared?.add(all, at, at - forgotten).catch(() => {})
  }

  async #succeeded({ own, waits }: Keys): Promise<void> {
    const cleared = this.#find(own).count
    if (cleared === 0) return
    this.#set(own, { count: 0, at: 0 })
    for (const [key] of waits) {
      const { count, at } = this.#find(key)
      this.#set(key, { count: count - cleared, at })
    }
    const others = waits.map(([key]) => key)
    await this.#shared?.clear(own, others).catch(() => {})
  }

  #find(key: string): Failures {
    const found = this.#failures.get(key)
    if (found !== undefined && elapsed(this.#now(), found.at) < forgotten) return found
    return { count: 0, at: 0 }
  }

  #set(key: string, failures: Failures): void {
    this.#failures.delete(key)
    if (failures.count > 0) this.#failures.set(key, failures)
  }
}

interface Keys {
  /** What has to wait, and its longest wait. */
  readonly waits: readonly (readonly [key: string, longest: number])[]
  /** The failures of one user at one address. */
  readonly own: string
}

function keysOf(address: string, user: string): Keys {
  // A database keeps no text with a zero in it.
  const [network, name] = [networkOf(address), user.slice(0, 128).replaceAll('\0', ' ')]
  return {
    waits: [
      [`address ${network}`, longest.address],
      [`user ${name}`, longest.user],
    ],
    own: `own ${network} ${name}`,
  }
}

function allOf({ own, waits }: Keys): readonly string[] {
  return [own, ...waits.map(([key]) => key)]
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
