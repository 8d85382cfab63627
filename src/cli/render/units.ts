import { formatDuration } from '#docker/columns/duration'
import { inLocalZone } from '#docker/columns/local-zone'

export { formatDecimalSize as formatSize, formatSum } from '#docker/columns/bytes'

/** Formats a past instant as Docker does: `2 hours ago`. */
export function formatAge(instant: Date, now: Date = new Date()): string {
  return `${formatSpan(now.getTime() - instant.getTime())} ago`
}

/** An instant as Go prints it, in the local time zone: `2026-11-23 06:42:42 +0000 UTC`. */
export function formatInstant(instant: Date): string {
  const { text, offset } = inLocalZone(instant)
  const zone = offset === '+0000' ? 'UTC' : offset
  return `${text.slice(0, 10)} ${text.slice(11, 19)} ${offset} ${zone}`
}

/** A span of milliseconds in the largest unit that reads well: `About an hour`, `3 days`. */
export function formatSpan(milliseconds: number): string {
  return formatDuration(Math.max(0, milliseconds) / 1000)
}

/** Seconds with one decimal, as build steps show them. */
export function formatSeconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)}s`
}

/** Shortens `sha256:abcdef...` to the twelve characters that users type. */
export function shortId(digestOrId: string): string {
  return digestOrId.replace(/^sha(256|512):/, '').slice(0, 12)
}
