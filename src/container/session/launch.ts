import { closeSync } from 'node:fs'
import { isTerminal, makePipe } from '#platform'
import { primeCgroups } from '#runtime'
import type { ContainerContext } from '../model/context.ts'
import { DescriptorStreams, type UserDescriptors } from './descriptor-streams.ts'
import { feedPipe } from './feed.ts'
import { spawnMonitor } from './monitor-client.ts'
import type { MonitorHandle } from './monitor-handle.ts'
import { becomeMonitor } from './own-monitor.ts'
import type { ContainerStreams } from './streams.ts'

/** A monitor that is starting, and the function that feeds the container's input. */
export interface LaunchedMonitor {
  readonly monitor: MonitorHandle
  /**
   * Whether the monitor reads and writes the user's descriptors itself. Otherwise a
   * session does.
   */
  readonly isDirect: boolean
  /** Starts to pass a terminal's input on, if the monitor may not read the terminal itself. */
  readonly feed: () => void
}

/** The settings that decide how a monitor is started. */
export interface LaunchSettings {
  readonly tty?: boolean | undefined
  /** The container reads the user's input. */
  readonly interactive?: boolean | undefined
  /** The container runs in the background. */
  readonly detached?: boolean | undefined
  /**
   * This process may be the monitor itself: it belongs to one command, stays to the
   * end of the container, and the container is removed at its end.
   */
  readonly here?: boolean | undefined
}

/**
 * Starts a monitor before its container is known. The monitor gets ready while
 * images are looked up and code is loaded. Without a terminal the monitor writes
 * to the descriptors of this process itself, so that output passes through no
 * other process. A caller that does not use the monitor abandons it.
 */
export function launchMonitor(
  context: Pick<ContainerContext, 'monitorCommand'>,
  settings: LaunchSettings,
  streams: ContainerStreams = new DescriptorStreams(),
): LaunchedMonitor {
  primeCgroups()
  if (settings.tty || settings.detached || !(streams instanceof DescriptorStreams)) {
    return { monitor: spawnMonitor(context), isDirect: false, feed: () => {} }
  }
  const { descriptors } = streams
  if (settings.here) {
    const { stdin, ...outputs } = descriptors
    const monitor = becomeMonitor(context, settings.interactive ? descriptors : outputs)
    return { monitor, isDirect: true, feed: () => {} }
  }
  return { ...spawnDirect(context, descriptors, settings.interactive === true), isDirect: true }
}

function spawnDirect(
  context: Pick<ContainerContext, 'monitorCommand'>,
  { stdin, stdout, stderr }: UserDescriptors,
  interactive: boolean,
): Pick<LaunchedMonitor, 'monitor' | 'feed'> {
  const spawn = (input: number | undefined): MonitorHandle =>
    spawnMonitor(context, { stdin: input, stdout, stderr })
  if (!interactive) return { monitor: spawn(undefined), feed: () => {} }
  if (!isTerminal(stdin)) return { monitor: spawn(stdin), feed: () => {} }
  // A process of another session may not read this terminal: after this process it would
  // compete with the shell.
  const pipe = makePipe()
  const monitor = spawn(pipe.read)
  closeSync(pipe.read)
  return { monitor, feed: () => void feedPipe(stdin, pipe.write) }
}
