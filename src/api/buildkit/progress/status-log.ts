import type { StatusResponse } from '../messages/status.ts'

/** The most bytes of output that are kept for clients that ask later. */
const mostOutput = 16 * 1024 * 1024

/** Milliseconds between two messages to a client, so that many small events become one message. */
const pause = 40

/** The most events of one message. */
const mostEvents = 500

/** What happened in one build. It may be read from its beginning at any time, by any number of readers. */
export class StatusLog {
  readonly #events: StatusResponse[] = []
  #output = 0
  #isEnded = false
  #changed: PromiseWithResolvers<void> = Promise.withResolvers()

  add(event: StatusResponse): void {
    if (this.#isEnded) return
    for (const { msg = [] } of event.logs ?? []) this.#output += msg.length
    if (this.#output > mostOutput && event.logs !== undefined) return
    this.#events.push(event)
    this.#wake()
  }

  /** Readers end after the last event. */
  end(): void {
    this.#isEnded = true
    this.#wake()
  }

  /** Yields everything from the beginning to the end of the build. */
  async *read(signal: AbortSignal): AsyncGenerator<StatusResponse> {
    const stopped = Promise.withResolvers<void>()
    const stop = (): void => stopped.resolve()
    signal.addEventListener('abort', stop, { once: true })
    try {
      let next = 0
      while (!signal.aborted) {
        const changed = this.#changed.promise
        if (next < this.#events.length) {
          const events = this.#events.slice(next, next + mostEvents)
          next += events.length
          yield merged(events)
          if (!this.#isEnded) await Promise.race([sleep(pause), stopped.promise])
        } else if (this.#isEnded) {
          return
        } else {
          await Promise.race([changed, stopped.promise])
        }
      }
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  #wake(): void {
    const { resolve } = this.#changed
    this.#changed = Promise.withResolvers()
    resolve()
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** Clients read the vertexes of a message before everything that belongs to them. */
function merged(events: readonly StatusResponse[]): StatusResponse {
  return {
    vertexes: events.flatMap(({ vertexes = [] }) => vertexes),
    statuses: events.flatMap(({ statuses = [] }) => statuses),
    logs: events.flatMap(({ logs = [] }) => logs),
    warnings: events.flatMap(({ warnings = [] }) => warnings),
  }
}
