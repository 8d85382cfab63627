import { closeSync } from 'node:fs'
import { isatty } from 'node:tty'
import { makePipe, readInput, writeDescriptor } from '#platform'
import type { ContainerContext } from '../context.ts'
import { type MonitorHandle, spawnMonitor } from './monitor-client.ts'
import { standardStreams, type UserStreams } from './streams.ts'

/** A monitor on its way, and what feeds the container's input. */
export interface LaunchedMonitor {
  readonly monitor: MonitorHandle
  /** Starts passing a terminal's input on, when the container has none itself. */
  readonly feed: () => void
}

/** All that a monitor must know to be started. */
export interface LaunchSettings {
  readonly tty?: boolean
  readonly interactive?: boolean
  /** Nobody stays with the container. */
  readonly detached?: boolean
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
  if (settings.tty || settings.detached) return { monitor: spawnMonitor(context), feed: () => {} }
  const { stdin, stdout, stderr } = streams
  if (!settings.interactive || !isatty(stdin)) {
    const input = settings.interactive ? stdin : 'ignore'
    return {
      monitor: spawnMonitor(context, { foreground: [stdout, stderr, input] }),
      feed: () => {},
    }
  }
  // Another session may not read our terminal: it would compete with the shell once we are gone.
  const pipe = makePipe()
  const monitor = spawnMonitor(context, { foreground: [stdout, stderr, pipe.read] })
  closeSync(pipe.read)
  return { monitor, feed: () => void feed(stdin, pipe.write) }
}

async function feed(from: number, to: number): Promise<void> {
  for await (const chunk of readInput(from)) {
    if (!(await writeDescriptor(to, chunk))) break
  }
  closeSync(to)
}
