import { type LaunchedMonitor, type LaunchSettings, launchMonitor } from '#container'

export type { LaunchedMonitor }

/**
 * Starts the monitor of a container before the container is made. A command calls
 * this first, because the monitor needs as long to start as all other steps take.
 * `run` and `runDetached` use the monitor or end it.
 */
export function launch(settings: LaunchSettings): LaunchedMonitor {
  return launchMonitor({}, settings)
}
