import { statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { identifyProcess } from '#platform'
import { containerPaths, type RunningContext } from '../model/context.ts'
import type { Container } from '../model/record.ts'
import { createdState, readState, writeState } from '../model/state.ts'
import { runtimeOf } from '../process/runtime-of.ts'
import { connectMonitor } from '../protocol/connection.ts'

/** The number of reads, 10 ms apart, until the monitor has written the file. */
const mostReads = 200

/**
 * Writes the state of a running container whose `state.json` is damaged. The state comes
 * from the monitor, or without a monitor from the runtime. Returns false if the container
 * does not run. The caller holds the container's lock.
 */
export async function mendRunning(context: RunningContext, container: Container): Promise<boolean> {
  const { id } = container
  const paths = containerPaths(context, id)
  const monitor = await connectMonitor(paths.socket)
  if (monitor !== undefined) {
    await monitor.send({ kind: 'wake' })
    await monitor.close()
    for (let reads = 0; reads < mostReads; reads++) {
      if (readState(paths).status !== 'dead') return true
      await sleep(10)
    }
  }
  const { pid, status } = (await runtimeOf(context, container).state(id)) ?? {}
  const process = pid === undefined || status === 'stopped' ? undefined : identifyProcess(pid)
  if (process === undefined) return false
  // The kernel made this directory when the process began.
  const startedAt = statSync(`/proc/${process.pid}`).ctime.toISOString()
  writeState(paths.state, { ...createdState, status: 'running', process, startedAt })
  return true
}
