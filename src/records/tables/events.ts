import { isStrakeError } from '#oci'
import { type SqlRow, type SqlValue, writeWatches } from '#platform'
import type { RecordsContext } from '../context.ts'
import { Fields, readRows } from '../fields.ts'

/** The types and actions of events, in Docker's words. */
export interface EventActions {
  readonly builder: 'prune'
  readonly container:
    | 'archive-path'
    | 'attach'
    | 'commit'
    | 'create'
    | 'destroy'
    | 'detach'
    | 'die'
    | 'exec_detach'
    | 'exec_die'
    | 'export'
    | 'extract-to-dir'
    | 'kill'
    | 'oom'
    | 'pause'
    | 'prune'
    | 'rename'
    | 'resize'
    | 'restart'
    | 'start'
    | 'stop'
    | 'top'
    | 'unpause'
    | 'update'
    | `exec_create: ${string}`
    | `exec_start: ${string}`
    | `health_status: ${string}`
  readonly image:
    | 'create'
    | 'delete'
    | 'import'
    | 'load'
    | 'prune'
    | 'pull'
    | 'push'
    | 'save'
    | 'tag'
    | 'untag'
  readonly network: 'connect' | 'create' | 'destroy' | 'disconnect' | 'prune'
  readonly volume: 'create' | 'destroy' | 'mount' | 'prune' | 'unmount'
}

/** An event to record. */
export type NewEvent = {
  readonly [Type in keyof EventActions]: {
    readonly type: Type
    readonly action: EventActions[Type]
    /** The ID of an image or a container, the name of anything else; empty for `prune`. */
    readonly actor: string
    readonly attributes?: Readonly<Record<string, string>> | undefined
  }
}[keyof EventActions]

export interface EventRecord {
  /** The later one of two events has the greater ID. */
  readonly id: number
  /** Milliseconds since 1970. */
  readonly at: number
  readonly type: string
  readonly action: string
  readonly actor: string
  readonly attributes: Readonly<Record<string, string>>
}

/** Which events to read. An absent list matches every event. */
export interface EventQuery {
  /** Milliseconds since 1970. The events of `since` and `until` themselves are included. */
  readonly since?: number | undefined
  readonly until?: number | undefined
  readonly types?: readonly string[] | undefined
  /** `health_status` matches all its values. */
  readonly actions?: readonly string[] | undefined
  /** Actors, beginnings of their IDs, or values of the attribute `name`. */
  readonly actors?: readonly string[] | undefined
  /** All of these attributes; `null` for any value. */
  readonly attributes?: Readonly<Record<string, string | null>> | undefined
}

/**
 * The events of a store, in order, from all processes. Stores at most 4,096 events, none older than
 * a week.
 */
export interface Events {
  /** Records an event. In a transaction, it is committed or rolled back with the fact. */
  append(event: NewEvent): void
  /**
   * Records events after the fact. They are lost on a full disk, or while another process keeps
   * writing: the command has done its work and must not fail. A power cut may lose the last ones,
   * because the command does not wait for the disk.
   */
  note(...events: readonly NewEvent[]): Promise<void>
  list(query?: EventQuery): EventRecord[]
  /**
   * Yields the events from `since` on (default: now), including those of other processes. Ends
   * after `until`; throws the reason of `signal` when it aborts.
   */
  follow(query: EventQuery & { readonly signal: AbortSignal }): AsyncGenerator<EventRecord>
}

const mostEvents = 4096
const longestAge = 7 * 24 * 60 * 60 * 1000

export function createEvents({ database, now, reportIn }: RecordsContext): Events {
  const report = reportIn('events')
  const watchWrites = writeWatches(database.path)
  const read = (where: string, ...values: readonly SqlValue[]): EventRecord[] =>
    readRows(
      database.all(`SELECT * FROM events WHERE ${where} ORDER BY id`, ...values),
      readEvent,
      report,
    )
  const newest = (): number => Number(database.values('SELECT max(id) FROM events')[0]?.[0] ?? 0)
  const append = ({ type, action, actor, attributes = {} }: NewEvent): void => {
    const at = now()
    database.transaction(() => {
      database.run(
        'INSERT INTO events (at, type, action, actor, attributes) VALUES (?,?,?,?,?)',
        at,
        type,
        action,
        actor,
        JSON.stringify(attributes),
      )
      database.run('DELETE FROM events WHERE id <= ?', newest() - mostEvents)
      const [oldest] = database.values('SELECT at FROM events ORDER BY id LIMIT 1')
      const limit = at - longestAge
      if (Number(oldest?.[0]) < limit) database.run('DELETE FROM events WHERE at < ?', limit)
    })
  }
  async function* followAfter(
    start: number,
    { signal, ...query }: EventQuery & { readonly signal: AbortSignal },
  ): AsyncGenerator<EventRecord> {
    const { since = 0, until = Number.POSITIVE_INFINITY } = query
    using writes = watchWrites()
    let last = start
    for (;;) {
      signal.throwIfAborted()
      const isLast = now() > until
      // Older events are not even parsed: there may be thousands.
      for (const event of read('id > ? AND at >= ?', last, since)) {
        last = event.id
        if (matches(event, query)) yield event
      }
      if (isLast) return
      await writes.next(signal, until - now())
    }
  }
  return {
    append,
    note: async (...events) => {
      if (database.isReadOnly || events.length === 0) return
      try {
        const work = (): void => {
          for (const event of events) append(event)
        }
        await database.write(work, { isDurable: false })
      } catch (error) {
        if (!isStrakeError(error, 'UNAVAILABLE')) throw error
      }
    },
    list: (query = {}) =>
      read('at >= ?', query.since ?? 0).filter((event) => matches(event, query)),
    // The start is found at the call, not at the first request for an event.
    follow: (query) => followAfter(query.since === undefined ? newest() : 0, query),
  }
}

/** True for events that match the query. */
function matches(event: EventRecord, query: EventQuery): boolean {
  const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = query
  const { at, type, action, actor, attributes } = event
  if (at < since || at > until) return false
  if (query.types?.includes(type) === false) return false
  const isAction = (wanted: string): boolean => action === wanted || action.startsWith(`${wanted}:`)
  if (query.actions?.some(isAction) === false) return false
  const isActor = (wanted: string): boolean =>
    wanted !== '' && (actor.startsWith(wanted) || attributes['name'] === wanted)
  if (query.actors?.some(isActor) === false) return false
  return Object.entries(query.attributes ?? {}).every(([key, value]) =>
    value === null ? key in attributes : attributes[key] === value,
  )
}

function readEvent(row: SqlRow): EventRecord {
  const fields = new Fields(`the event ${String(row['id'])}`, row)
  return {
    id: fields.number('id'),
    at: fields.number('at'),
    type: fields.text('type'),
    action: fields.text('action'),
    actor: fields.text('actor'),
    attributes: fields.texts('attributes'),
  }
}
