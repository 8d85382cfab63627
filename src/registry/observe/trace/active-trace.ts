import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import type { Span } from './span.ts'
import type { TraceContext } from './trace-context.ts'

/** What code does on behalf of a span that is kept. */
interface ActiveTrace {
  readonly context: TraceContext
  readonly add: (span: Span) => void
  /** Children that may still be added. */
  room: number
}

/** Something that a span has caused, and that has just ended. */
export interface Child {
  /** `SELECT strake_tags` */
  readonly name: string
  readonly attributes: Span['attributes']
  /** Milliseconds. */
  readonly duration: number
  readonly isError: boolean
}

/** The most children of one span: a collection sends thousands of statements. */
const mostChildren = 200

const active = new AsyncLocalStorage<ActiveTrace>()

/** Runs work whose calls become children of a span. */
export function withTrace<T>(
  context: TraceContext,
  add: (span: Span) => void,
  work: () => Promise<T>,
): Promise<T> {
  return active.run({ context, add, room: mostChildren }, work)
}

/** Adds a child to the span for which the caller works, if there is one. */
export function addChild({ duration, ...child }: Child): void {
  const trace = active.getStore()
  if (trace === undefined || trace.room === 0) return
  trace.room -= 1
  const end = preciseNow()
  trace.add({
    ...child,
    kind: 'client',
    traceId: trace.context.traceId,
    spanId: newSpanId(),
    parentId: trace.context.spanId,
    start: nanoseconds(end - duration),
    end: nanoseconds(end),
  })
}

export function newTraceId(): string {
  return randomBytes(16).toString('hex')
}

export function newSpanId(): string {
  return randomBytes(8).toString('hex')
}

/** Returns milliseconds with a fraction. A clock that is set does not make a span negative. */
export function preciseNow(): number {
  return performance.timeOrigin + performance.now()
}

export function nanoseconds(milliseconds: number): bigint {
  return BigInt(Math.round(milliseconds * 1000)) * 1000n
}
