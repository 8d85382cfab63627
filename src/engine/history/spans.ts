import { sha256 } from '#oci'
import type { LoggedEvent } from './build-log.ts'
import type { BuildRecord } from './record.ts'

/** A build or one of its steps, as a span of a trace. */
export interface Span {
  /** 16 hexadecimal digits. */
  readonly id: string
  /** Absent for the build. */
  readonly parent?: string | undefined
  readonly name: string
  /** Milliseconds since 1970. */
  readonly start: number
  readonly end: number
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  readonly error?: string | undefined
}

export interface Trace {
  /** 32 hexadecimal digits. */
  readonly id: string
  /** The build first, then its steps in the order in which they began. */
  readonly spans: readonly Span[]
}

/** Makes the trace of a build from its record and its events. It has the same IDs every time. */
export function traceOf(record: BuildRecord, events: Iterable<LoggedEvent>): Trace {
  const begin = record.startedAt.getTime()
  const finish = record.completedAt.getTime()
  const idOf = (text: string): string => hex(`${record.id} ${text}`).slice(0, 16)
  const root = idOf('')
  const steps = new Map<string, Span>()
  for (const { at, event } of events) {
    if (event.type !== 'step') continue
    const { id, name, state, error } = event
    const known = steps.get(id)
    const start = known?.start ?? begin + at
    steps.set(id, {
      id: idOf(id),
      parent: root,
      name: name || known?.name || id,
      start,
      end: state === 'started' ? finish : begin + at,
      attributes: { vertex: id, cached: state === 'cached' },
      ...(error !== undefined && { error }),
      ...(state === 'canceled' && { error: 'canceled' }),
    })
  }
  const build: Span = {
    id: root,
    name: `build ${record.name}`,
    start: begin,
    end: finish,
    attributes: {
      ref: record.id,
      status: record.status,
      'steps.total': record.steps.total,
      'steps.cached': record.steps.cached,
    },
    error: record.error,
  }
  return { id: hex(record.id).slice(0, 32), spans: [build, ...steps.values()] }
}

function hex(text: string): string {
  return sha256(text).slice('sha256:'.length)
}
