import { hasRoom, isSystemError, roomSize, writeDescriptorNow } from '#platform'

/** Bytes that may be queued before the writer blocks. */
const most = 16 * 1024 * 1024

/** Milliseconds between two attempts to write. */
const [shortestPause, longestPause] = [1, 20]

export interface OutputQueueOptions {
  readonly fd: number
  /** Called before the process blocks on the reader. The function it returns is called afterwards. */
  readonly onStandstill?: (() => () => void) | undefined
  /** True once a signal has cancelled the command. Output that a stopped reader has not read is then lost. */
  readonly isEnding?: (() => boolean) | undefined
}

/** Writes in order and never blocks on a stopped reader: unread bytes stay in the queue. */
export class OutputQueue {
  readonly #fd: number
  readonly #onStandstill: OutputQueueOptions['onStandstill']
  readonly #isEnding: OutputQueueOptions['isEnding']
  #waiting: Uint8Array[] = []
  #size = 0
  #draining: Promise<void> | undefined

  constructor({ fd, onStandstill, isEnding }: OutputQueueOptions) {
    this.#fd = fd
    this.#onStandstill = onStandstill
    this.#isEnding = isEnding
  }

  write(bytes: Uint8Array): void {
    const rest = this.#waiting.length === 0 ? this.#put(bytes) : bytes
    if (rest.length === 0) return
    this.#waiting.push(new Uint8Array(rest))
    this.#size += rest.length
    if (this.#size > most) this.#standStill()
    this.#draining ??= this.#drain()
  }

  /** Resolves when the reader has read everything; `undefined` if nothing is pending. Rejects when a write fails. */
  drained(): Promise<void> | undefined {
    return this.#draining
  }

  async #drain(): Promise<void> {
    let pause = shortestPause
    try {
      while (this.#waiting.length > 0) {
        const before = this.#size
        await new Promise((resolve) => setTimeout(resolve, pause))
        this.#putWaiting()
        pause = this.#size < before ? shortestPause : Math.min(2 * pause, longestPause)
      }
    } finally {
      this.#draining = undefined
    }
  }

  #standStill(): void {
    if (this.#isEnding?.() === true) {
      this.#waiting = []
      this.#size = 0
      return
    }
    const goOn = this.#onStandstill?.()
    const clock = new Int32Array(new SharedArrayBuffer(4))
    while (this.#size > most) {
      Atomics.wait(clock, 0, 0, longestPause)
      this.#putWaiting()
    }
    goOn?.()
  }

  #putWaiting(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const rest = this.#put(next)
      this.#size -= next.length - rest.length
      if (rest.length > 0) {
        this.#waiting[0] = rest
        return
      }
      this.#waiting.shift()
    }
  }

  /** Writes as much as possible without blocking; returns the rest. */
  #put(bytes: Uint8Array): Uint8Array {
    let rest = bytes
    while (rest.length > 0 && hasRoom(this.#fd)) {
      try {
        rest = rest.subarray(writeDescriptorNow(this.#fd, rest.subarray(0, roomSize)))
      } catch (error) {
        // The reader closed the pipe: end as `cat` would.
        if (isSystemError(error, 'EPIPE')) process.exit(141)
        if (isSystemError(error, 'EAGAIN')) return rest
        if (!isSystemError(error, 'EINTR')) throw error
      }
    }
    return rest
  }
}
