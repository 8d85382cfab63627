import { statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { identifyProcess } from '#platform'
import { containerPaths, type RunningContext } from '../model/context.ts'
import type { Container } from '../model/record.ts'
import { createdState, readState, writeState } from '../model/state.ts'
import { runtimeOf } from '../process/runtime-of.ts'
import { connectMonitor } from '../protocol/connection.ts'

/** Milliseconds between two reads of the file that the monitor writes. */
const pause = 10
/** Milliseconds after which a monitor that is there and does not write counts as lost. */
const longest = 30_000

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
    // A state without the monitor would be wrong while it lives, so a busy one is waited for.
    let isGone = false
    const read = async (): Promise<void> => {
      for await (const _ of monitor.frames);
      isGone = true
    }
    void read().catch(() => {
      isGone = true
    })
    await monitor.send({ kind: 'wake' })
    try {
      for (let waited = 0; waited < longest && !isGone; waited += pause) {
        if (readState(paths).status !== 'dead') return true
        await sleep(pause)
      }
    } finally {
      await monitor.close()
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
