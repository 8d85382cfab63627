import { type LaunchedMonitor, type LaunchSettings, launchMonitor } from '#container'

export type { LaunchedMonitor }

/**
 * Starts the monitor of a container that is about to be made: the first thing a
 * command does, because the monitor needs as long to start as everything else
 * takes. `run` and `runDetached` use it or let it end.
 */
export function launch(settings: LaunchSettings): LaunchedMonitor {
  return launchMonitor({}, settings)
}
