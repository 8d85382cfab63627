import type { Engine } from '#engine/engine'
import { readInput } from '#platform'
import { servePrivately } from '../private-server.ts'
import type { ServeOptions } from '../serve.ts'

/** Milliseconds in which builds clean up after their clients have left. */
const patience = 10_000

/**
 * Builds for the server that has started this process by `createBuilder`. Writes the path of a socket
 * to standard output, serves the Engine API there, and returns after the end of standard input.
 */
export async function serveBuilds(
  engine: Engine,
  { onFailure }: Pick<ServeOptions, 'onFailure'>,
): Promise<void> {
  const end = new AbortController()
  const server = await servePrivately(engine, { signal: end.signal, buildsHere: true, onFailure })
  try {
    process.stdout.write(`${server.socket}\n`)
    for await (const _ of readInput(0));
  } finally {
    end.abort()
    await server[Symbol.asyncDispose]()
  }
  await server.idle(0, AbortSignal.timeout(patience))
}
