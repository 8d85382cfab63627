import {
  awaitStranger,
  isAlive,
  openPipeOf,
  ownPipeWriter,
  type ProcessIdentity,
  readPipe,
  signalProcess,
} from '#platform'
import { cgroupPath, cgroupProcesses } from '#runtime'
import { lostExitCode } from '../model/record.ts'
import type { ContainerState } from '../model/state.ts'
import { takeHeld } from '../process/keep-open.ts'
import { terminalStreams } from '../process/terminal.ts'
import type { MonitorOrder } from '../protocol/order.ts'
import type { RunningContainer } from './process.ts'

/** What a new monitor knows of the container whose monitor was killed. */
export interface Adopted {
  readonly process: ProcessIdentity
  readonly pipes?: ContainerState['pipes']
  readonly holder?: ContainerState['holder']
}

/** Processes of the container that are asked for its pipes. It decides itself how many it has. */
const mostProcesses = 1024

/**
 * Continues to watch a container that another monitor has started: its process is no child of
 * this one. What it has printed in between is still in its pipes or its terminal. The holder has its
 * terminal, or its input. Without the holder, both ended with the other monitor.
 */
export function adoptContainer(
  { id, cgroupParent, terminal, interactive }: MonitorOrder,
  { process, pipes, holder }: Adopted,
): RunningContainer {
  const held = holder && takeHeld(holder)
  const pids = [
    process.pid,
    ...cgroupProcesses(cgroupPath(id, cgroupParent)).slice(0, mostProcesses),
  ]
  const streams =
    held === undefined || !terminal
      ? {
          outputs: outputsOf(pids, pipes),
          input: held === undefined ? undefined : ownPipeWriter(held),
          resize() {},
          leave() {},
        }
      : terminalStreams(held)
  return {
    ...streams,
    pid: process.pid,
    identity: process,
    pipes,
    holder,
    isDeaf: (terminal || interactive) && held === undefined,
    signal: (signal) => void signalProcess(process, signal),
    exited: awaitStranger(process).then((exit) => exit ?? lostExit),
  }
}

const lostExit = {
  code: lostExitCode,
  problem: 'its exit code is unknown, because its monitor was killed',
}

function outputsOf(pids: readonly number[], pipes: Adopted['pipes']): RunningContainer['outputs'] {
  return (['stdout', 'stderr'] as const).flatMap((stream) => {
    const identity = pipes?.[stream]
    const fd = identity === undefined ? undefined : openPipeOf(pids, identity)
    return fd === undefined ? [] : [{ stream, bytes: readPipe(fd) }]
  })
}

/** Returns what is needed to adopt a container; `undefined` if it does not run, or if its monitor lives. */
export function adoptable({
  status,
  process,
  pipes,
  holder,
  monitor,
}: ContainerState): Adopted | undefined {
  if (status !== 'running' || process === undefined || !isAlive(process)) return undefined
  if (monitor !== undefined && isAlive(monitor)) return undefined
  return { process, pipes, holder }
}
