import type { DescriptorWriter } from '#platform'
import { untilAborted } from '../protocol/until.ts'
import type { LogWriter, OutputStream } from './log-writer.ts'
import type { RunningContainer } from './process.ts'
import type { ClientServer } from './server.ts'

/** Where the output of a container goes. */
export interface OutputTargets {
  readonly log: LogWriter | undefined
  readonly server: ClientServer
  /** The streams of the command in the foreground that can still be written. */
  readonly foreground: ReadonlyMap<OutputStream, DescriptorWriter>
  /** Called when a stream of the command can be written no more; the container goes on. */
  readonly onLost: (stream: OutputStream, error: unknown) => void
}

/** Bytes read after the end of a run: no more than pipes hold. */
const mostLeft = 1024 * 1024
/** Milliseconds in which what is in a pipe already arrives. */
const moment = 20

/**
 * Passes on what a run writes, to its end. The slowest reader decides how fast
 * the container may write. Once `over` is aborted, what the pipe still holds is
 * passed on without waiting for a reader.
 */
export async function carryOutput(
  outputs: RunningContainer['outputs'],
  targets: OutputTargets,
  over: AbortSignal,
): Promise<void> {
  const show = async (stream: OutputStream, chunk: Uint8Array): Promise<void> => {
    const shown = targets.foreground
      .get(stream)
      ?.write(chunk)
      .catch((error) => targets.onLost(stream, error))
    await Promise.all([shown, targets.server.broadcast(stream, chunk)])
  }
  const pump = async ({ stream, bytes }: (typeof outputs)[number]): Promise<void> => {
    const chunks = bytes[Symbol.asyncIterator]()
    for (let left = mostLeft; left > 0; ) {
      const next = chunks.next()
      const result = (await untilAborted(over, next)) ?? (await Promise.race([next, sleep(moment)]))
      if (result === undefined || result.done) return
      targets.log?.write(stream, result.value)
      await untilAborted(over, show(stream, result.value))
      if (over.aborted) left -= result.value.length
    }
  }
  await Promise.all(outputs.map(pump))
}

function sleep(milliseconds: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
