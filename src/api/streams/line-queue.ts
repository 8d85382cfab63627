/** One line of the progress of a pull, a push or a build. */
export type ProgressLine = Readonly<Record<string, unknown>>

export interface LineQueue {
  /** Adds lines. */
  readonly add: (lines: readonly ProgressLine[]) => void
  /** Ends the queue with these lines, which are never dropped. */
  readonly end: (lines: readonly ProgressLine[]) => void
  readonly lines: AsyncGenerator<ProgressLine>
}

/** The most lines that wait for a slow client. Older lines are then dropped. */
const mostWaiting = 10_000

/** A queue between work that does not wait and a client that reads at its own pace. */
export function lineQueue(): LineQueue {
  const waiting: ProgressLine[] = []
  let wake = Promise.withResolvers<void>()
  let last: readonly ProgressLine[] | undefined
  async function* read(): AsyncGenerator<ProgressLine> {
    for (;;) {
      yield* waiting.splice(0)
      if (last !== undefined && waiting.length === 0) break
      await wake.promise
      wake = Promise.withResolvers()
    }
    yield* last
  }
  return {
    add(lines) {
      waiting.push(...lines)
      if (waiting.length > mostWaiting) waiting.splice(0, waiting.length - mostWaiting)
      wake.resolve()
    },
    end(lines) {
      last = lines
      wake.resolve()
    },
    lines: read(),
  }
}
