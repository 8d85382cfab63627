/** The longest time in milliseconds without a pause for the event loop. */
const longestTurn = 50

/**
 * Yields the output of a child. A child that writes without end keeps the runtime in its reads, so
 * that timers and signals of this process do not run. So this pauses every 50 ms.
 */
export async function* withTurns(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let last = performance.now()
  for await (const chunk of bytes) {
    yield chunk
    if (performance.now() - last < longestTurn) continue
    await new Promise((resume) => setImmediate(resume))
    last = performance.now()
  }
}
