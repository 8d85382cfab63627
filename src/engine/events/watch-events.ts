import type { EventRecord } from '#records'
import type { Engine } from '../engine.ts'
import { type EventFilter, matchesEvent } from './event-filter.ts'

export type { EventRecord }

export interface WatchOptions {
  /** Milliseconds since 1970: recorded events from then on come first. Absent: only events from now on. */
  readonly since?: number | undefined
  /** Milliseconds since 1970 at which to stop. Absent: watches until `signal` aborts. */
  readonly until?: number | undefined
  readonly filter: EventFilter
  readonly signal: AbortSignal
}

/**
 * Returns the events of every process that uses the store, in the order in which they
 * happened. Throws the reason of `signal`.
 */
export async function* watchEvents(
  { records }: Pick<Engine, 'records'>,
  { filter, ...query }: WatchOptions,
): AsyncGenerator<EventRecord> {
  for await (const event of records.events.follow(query)) {
    if (matchesEvent(filter, event)) yield event
  }
}
