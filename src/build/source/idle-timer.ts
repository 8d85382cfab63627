/** Aborts its signal when nothing has happened for a while. */
export class IdleTimer {
  readonly #abort = new AbortController()
  readonly #milliseconds: number
  #timer: ReturnType<typeof setTimeout>

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds
    this.#timer = setTimeout(() => this.#abort.abort(), milliseconds)
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get seconds(): number {
    return Math.round(this.#milliseconds / 1000)
  }

  restart(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#abort.abort(), this.#milliseconds)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}
