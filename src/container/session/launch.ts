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

/** A monitor on its way, and what feeds the container's input. */
export interface LaunchedMonitor {
  readonly monitor: MonitorHandle
  /** Whether it reads and writes the user's descriptors itself; otherwise a session has to. */
  readonly isDirect: boolean
  /** Starts passing a terminal's input on, where the monitor may not read the terminal itself. */
  readonly feed: () => void
}

/** All that a monitor must know to be started. */
export interface LaunchSettings {
  readonly tty?: boolean | undefined
  /** The container reads the user's input. */
  readonly interactive?: boolean | undefined
  /** Nobody stays with the container. */
  readonly detached?: boolean | undefined
  /**
   * This process may be the monitor itself: it is a command's own, stays to the
   * end, and nothing of the container is to outlast it.
   */
  readonly here?: boolean | undefined
}

/**
 * Starts a monitor before anything about its container is known but this: it
 * gets ready while images are looked up and code is loaded. Without a terminal
 * it writes to the descriptors of this process itself, so that output passes
 * through no other process. A caller that does not use it abandons it.
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
    const monitor = becomeMonitor(settings.interactive ? descriptors : outputs)
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
  // Another session may not read our terminal: it would compete with the shell once we are gone.
  const pipe = makePipe()
  const monitor = spawn(pipe.read)
  closeSync(pipe.read)
  return { monitor, feed: () => void feedPipe(stdin, pipe.write) }
}
