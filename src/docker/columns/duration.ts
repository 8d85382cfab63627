const minute = 60
const hour = 60 * minute
const day = 24 * hour

/** Formats a duration as Docker does: `Less than a second`, `About a minute`, `3 weeks`. */
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
