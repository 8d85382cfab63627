import type { DescriptorWriter } from '#platform'
import type { LogWriter } from '../logs/log-writer.ts'
import type { OutputStream } from '../model/options.ts'
import { pump } from '../process/pump.ts'
import type { RunningContainer } from './process.ts'
import type { ClientServer } from './server.ts'

/** The destinations of a container's output. */
export interface OutputTargets {
  readonly log: LogWriter | undefined
  readonly server: ClientServer
  /** The streams of the command in the foreground that can still be written. */
  readonly foreground: ReadonlyMap<OutputStream, DescriptorWriter>
  /** Called when a stream of the command can no longer be written. The container keeps running. */
  readonly onLost: (stream: OutputStream, error: unknown) => void
}

/**
 * Passes on all output of a run. The container waits for the slowest reader, until `over`
 * is aborted.
 */
export async function carryOutput(
  outputs: RunningContainer['outputs'],
  targets: OutputTargets,
  over: AbortSignal,
): Promise<void> {
  const take = async (stream: OutputStream, chunk: Uint8Array): Promise<void> => {
    targets.log?.write(stream, chunk)
    const shown = targets.foreground
      .get(stream)
      ?.write(chunk)
      .catch((error) => targets.onLost(stream, error))
    await Promise.all([shown, targets.server.broadcast(stream, chunk)])
  }
  await Promise.all(
    outputs.map(({ stream, bytes }) => pump(bytes, (chunk) => take(stream, chunk), over)),
  )
}
