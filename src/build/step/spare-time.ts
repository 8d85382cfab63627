/**
 * Work that nothing in a build waits for: what it remembers for the next one.
 * It is done while a command runs, and at the end of the build at the latest.
 */
export class SpareTime {
  readonly #onFailure: (error: unknown) => void
  #work: (() => void)[] = []

  /** `onFailure` hears of work that fails; the build goes on without it. */
  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure
  }

  add(work: () => void): void {
    this.#work.push(work)
  }

  /** Does all that was added. */
  use(): void {
    for (const work of this.#work.splice(0)) {
      try {
        work()
      } catch (error) {
        this.#onFailure(error)
      }
    }
  }
}
