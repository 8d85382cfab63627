import type { Container } from '../model/record.ts'

const minute = 60
const hour = 60 * minute
const day = 24 * hour

/** A duration as Docker tells it: `Less than a second`, `About a minute`, `3 weeks`. */
export function formatDuration(seconds: number): string {
  if (seconds < 1) return 'Less than a second'
  if (seconds < 2) return '1 second'
  if (seconds < minute) return `${Math.floor(seconds)} seconds`
  if (seconds < 2 * minute) return 'About a minute'
  if (seconds < hour) return `${Math.floor(seconds / minute)} minutes`
  const hours = Math.round(seconds / hour)
  if (hours === 1) return 'About an hour'
  if (hours < 48) return `${hours} hours`
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`
  return `${Math.floor(seconds / day / 365)} years`
}

/** The STATUS column of `ps`: `Up 3 seconds (healthy)`, `Exited (0) 2 minutes ago`, `Created`. */
export function formatStatus(
  { state, health }: Pick<Container, 'state'> & { readonly health?: string | undefined },
  now: number = Date.now(),
): string {
  const since = (time: string): string => formatDuration(Math.max(0, now - Date.parse(time)) / 1000)
  switch (state.status) {
    case 'created':
      return 'Created'
    case 'removing':
      return 'Removal In Progress'
    case 'dead':
      return 'Dead'
    case 'paused':
      return `Up ${since(state.startedAt)} (Paused)`
    case 'restarting':
      return `Restarting (${state.exitCode}) ${since(state.finishedAt)} ago`
    case 'running':
      return `Up ${since(state.startedAt)}${formatHealth(health)}`
    case 'exited':
      return `Exited (${state.exitCode}) ${ago(state.finishedAt, since)}`
  }
}

/** Nobody saw the end of a container that was running when the machine went down. */
function ago(time: string, since: (time: string) => string): string {
  return time === '' ? 'some time ago' : `${since(time)} ago`
}

function formatHealth(health: string | undefined): string {
  if (health === undefined) return ''
  return health === 'starting' ? ' (health: starting)' : ` (${health})`
}
