/** An event on its way to one webhook. */
export interface Letter {
  /** Of the event; the receiver may get it twice. */
  readonly id: string
  /** The event as JSON. */
  readonly text: string
}

export interface ClaimedLetter extends Letter {
  /** How often it was claimed before. */
  readonly tries: number
}

/**
 * Events that webhooks have not got yet. They outlive the server, and servers of one registry share
 * them: each letter is claimed by one of them. Times are milliseconds since 1970.
 */
export interface Outbox extends AsyncDisposable {
  /**
   * Adds letters that are dropped at `expiresAt`. Of more than `most` for one webhook, the oldest
   * are dropped. Returns how many that were.
   */
  add(hook: string, letters: readonly Letter[], limits: OutboxLimits): Promise<number>
  /** Returns at most `limit` letters, the oldest first, that nobody else gets before `until`. */
  claim(hook: string, limit: number, until: number): Promise<readonly ClaimedLetter[]>
  /** Lets others claim letters from a time on. */
  release(hook: string, ids: readonly string[], at: number): Promise<void>
  /** Removes delivered letters. */
  remove(hook: string, ids: readonly string[]): Promise<void>
  /** Drops what has expired, also of webhooks that are gone. Returns how many by webhook. */
  expire(): Promise<ReadonlyMap<string, number>>
  count(hook: string): Promise<number>
  /** Returns when the next letter can be claimed. */
  nextFree(hook: string): Promise<number | undefined>
}

export interface OutboxLimits {
  readonly most: number
  readonly expiresAt: number
}
