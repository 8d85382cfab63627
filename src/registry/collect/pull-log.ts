import type { Pull, RegistryLedger } from '../store/ledger.ts'

/** Milliseconds between two writes. */
const interval = 10_000

/** Pulls that one write has at most. Further ones of other manifests are written at once. */
const most = 10_000

/**
 * Gathers the pulls of a server and writes the last one of each manifest and tag from time to time,
 * because a write for each pull would cost more than the pull. A killed server loses ten seconds, and
 * one whose database is away for long all but the last pulls.
 */
export class PullLog implements AsyncDisposable {
  readonly #ledger: RegistryLedger
  readonly #pulls = new Map<string, Pull>()
  readonly #timer: ReturnType<typeof setInterval>
  #writing: Promise<void> = Promise.resolve()

  constructor(ledger: RegistryLedger) {
    this.#ledger = ledger
    this.#timer = setInterval(() => this.#write(), interval)
    this.#timer.unref()
  }

  note(pull: Pull): void {
    this.#pulls.set(keyOf(pull), pull)
    if (this.#pulls.size >= most) this.#write()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    this.#write()
    await this.#writing
  }

  #write(): void {
    if (this.#pulls.size === 0) return
    const pulls = [...this.#pulls.values()]
    this.#pulls.clear()
    // Times of pulls are advice for retention: a full disk must not fail the pulls themselves.
    this.#writing = this.#writing
      .then(() => this.#ledger.notePulls(pulls))
      .catch(() => this.#keep(pulls))
  }

  /** Keeps pulls for the next write, unless there are younger ones or too many. */
  #keep(pulls: readonly Pull[]): void {
    for (const pull of pulls) {
      if (this.#pulls.size >= most - 1) return
      const key = keyOf(pull)
      if (!this.#pulls.has(key)) this.#pulls.set(key, pull)
    }
  }
}

function keyOf({ repository, digest, tag = '' }: Pull): string {
  return `${repository} ${digest} ${tag}`
}
