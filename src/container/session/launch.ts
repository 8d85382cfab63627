import { closeSync } from 'node:fs'
import { isTerminal, makePipe, type StdioSlot } from '#platform'
import { primeCgroups } from '#runtime'
import type { ContainerContext } from '../model/context.ts'
import { feedPipe } from './feed.ts'
import { spawnMonitor } from './monitor-client.ts'
import type { MonitorHandle } from './monitor-handle.ts'
import { becomeMonitor } from './own-monitor.ts'
import { standardStreams, type UserStreams } from './streams.ts'

/** A monitor on its way, and what feeds the container's input. */
export interface LaunchedMonitor {
  readonly monitor: MonitorHandle
  /** Starts passing a terminal's input on, when the container has none itself. */
  readonly feed: () => void
}

/** All that a monitor must know to be started. */
export interface LaunchSettings {
  readonly tty?: boolean | undefined
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
 * the container in the foreground uses our own descriptors, so that what is
 * written passes through no one else. Who does not use it abandons it.
 */
export function launchMonitor(
  context: Pick<ContainerContext, 'monitorCommand'>,
  settings: LaunchSettings,
  streams: UserStreams = standardStreams,
): LaunchedMonitor {
  primeCgroups()
  if (settings.tty || settings.detached) return { monitor: spawnMonitor(context), feed: () => {} }
  const { stdin, stdout, stderr } = streams
  const spawn = (input: StdioSlot): MonitorHandle =>
    spawnMonitor(context, { foreground: [stdout, stderr, input] })
  if (!settings.interactive || !isTerminal(stdin)) {
    const input = settings.interactive ? stdin : undefined
    const monitor = settings.here
      ? becomeMonitor({ stdout, stderr, ...(input === undefined ? {} : { stdin: input }) })
      : spawn(input ?? 'ignore')
    return { monitor, feed: () => {} }
  }
  // Another session may not read our terminal: it would compete with the shell once we are gone.
  const pipe = makePipe()
  const monitor = spawn(pipe.read)
  closeSync(pipe.read)
  return { monitor, feed: () => void feedPipe(stdin, pipe.write) }
}
