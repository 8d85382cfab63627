import type { ContainerSummary } from '#engine/container/summary'
import { formatDuration } from './duration.ts'

type Status = Pick<ContainerSummary, 'state' | 'health' | 'exitCode' | 'startedAt' | 'finishedAt'>

/** The STATUS column of `ps`: `Up 3 seconds (healthy)`, `Exited (0) 2 minutes ago`, `Created`. */
export function formatStatus(
  { state, health, exitCode, startedAt, finishedAt }: Status,
  now: Date = new Date(),
): string {
  const since = (instant: Date | undefined): string =>
    formatDuration(Math.max(0, now.getTime() - (instant ?? now).getTime()) / 1000)
  switch (state) {
    case 'created':
      return 'Created'
    case 'removing':
      return 'Removal In Progress'
    case 'dead':
      return 'Dead'
    case 'paused':
      return `Up ${since(startedAt)} (Paused)`
    case 'restarting':
      return `Restarting (${exitCode}) ${since(finishedAt)} ago`
    case 'running':
      return `Up ${since(startedAt)}${formatHealth(health)}`
    case 'exited':
      // The time of the end is unknown for a container that ran during a crash of the machine.
      return `Exited (${exitCode}) ${finishedAt === undefined ? 'some time' : since(finishedAt)} ago`
  }
}

function formatHealth(health: ContainerSummary['health']): string {
  if (health === 'none') return ''
  return health === 'starting' ? ' (health: starting)' : ` (${health})`
}
