/**
 * Work that no step waits for: writing files for the next build. It runs while a command
 * runs, and at the end of the build at the latest.
 */
export class DeferredWork {
  readonly #onFailure: (error: unknown) => void
  #work: (() => void)[] = []

  /** `onFailure` is called for work that fails. The build continues. */
  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure
  }

  add(work: () => void): void {
    this.#work.push(work)
  }

  /** Runs all work that was added. */
  run(): void {
    for (const work of this.#work.splice(0)) {
      try {
        work()
      } catch (error) {
        this.#onFailure(error)
      }
    }
  }
}
