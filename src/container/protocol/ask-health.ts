import { connectMonitor } from './connection.ts'
import type { ProbeResult } from './frames.ts'

/**
 * Asks the monitor that listens at `socket` for a health check now. Resolves with `undefined` when
 * the run of the container ends.
 */
export async function askHealth(socket: string): Promise<ProbeResult | undefined> {
  const monitor = await connectMonitor(socket)
  if (monitor === undefined) return undefined
  try {
    await monitor.send({ kind: 'probe' })
    for await (const frame of monitor.frames) if (frame.kind === 'probed') return frame.result
    return undefined
  } finally {
    monitor.destroy()
  }
}
