/** A reader that has had no turn for this long gives one, in milliseconds. */
const longestTurn = 50

/**
 * Passes on what a child writes. A child that writes without end keeps the runtime in
 * its reads, so that neither timers nor signals of this process get a turn: every
 * 50 ms this waits for one.
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
