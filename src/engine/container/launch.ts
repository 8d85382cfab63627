import { openSync } from 'node:fs'
import {
  type ContainerStreams,
  DescriptorStreams,
  type LaunchedMonitor,
  type LaunchSettings,
  launchMonitor,
} from '#container'

export type { LaunchedMonitor }

/** The streams of this process that a command is attached to. Output of the others is dropped. */
export function attachedStreams(attached: readonly string[]): DescriptorStreams {
  const open = (name: string, fd: number): number =>
    attached.includes(name) ? fd : openSync('/dev/null', 'r+')
  return new DescriptorStreams({
    stdin: open('stdin', 0),
    stdout: open('stdout', 1),
    stderr: open('stderr', 2),
  })
}

/**
 * Starts the monitor of a container before the container is made. A command calls
 * this first, because the monitor needs as long to start as all other steps take.
 * `run` and `runDetached` use the monitor or end it.
 */
export function launch(settings: LaunchSettings, streams?: ContainerStreams): LaunchedMonitor {
  return launchMonitor({}, settings, streams)
}
