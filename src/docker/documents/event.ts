import type { EventRecord } from '#engine/events/watch-events'
import type { InspectDocument } from './document.ts'

/**
 * Returns an event in Docker's shape of API 1.52: without the names `status`, `id` and
 * `from`, which earlier versions repeated.
 */
export function eventDocument({
  type,
  action,
  actor,
  attributes,
  at,
}: EventRecord): InspectDocument {
  return {
    Type: type,
    Action: action,
    Actor: { ID: actor, Attributes: sorted(attributes) },
    scope: 'local',
    time: Math.floor(at / 1000),
    // A number has too few digits for nanoseconds.
    timeNano: BigInt(Math.trunc(at)) * 1_000_000n,
  }
}

/** Go prints maps in the order of their keys. */
function sorted(map: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)))
}
