import type { EventRecord } from '#engine/events/watch-events'
import { inLocalZone } from './local-zone.ts'

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
  const { text, offset } = inLocalZone(date)
  const zone = offset === '+0000' ? 'Z' : `${offset.slice(0, 3)}:${offset.slice(3)}`
  return `${text}000000${zone}`
}
