import type { EventRecord } from '#engine/events/watch-events'

/** Formats an event as Docker does: local time, type, action and actor, and the attributes sorted by name. */
export function eventLine({ at, type, action, actor, attributes }: EventRecord): string {
  const pairs = Object.entries(attributes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
  const words = [localTime(new Date(at)), type, action, actor].filter((word) => word !== '')
  return [...words, ...(pairs.length === 0 ? [] : [`(${pairs.join(', ')})`])].join(' ')
}

/** RFC 3339 with nine digits and the offset of the zone. */
export function localTime(date: Date): string {
  const minutes = -date.getTimezoneOffset()
  const shifted = new Date(date.getTime() + minutes * 60_000).toISOString()
  const text = `${shifted.slice(0, -1)}000000`
  if (minutes === 0) return `${text}Z`
  const size = Math.abs(minutes)
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  return `${text}${minutes < 0 ? '-' : '+'}${two(size / 60)}:${two(size % 60)}`
}
