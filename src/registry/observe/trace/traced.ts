import type { Handler } from '#http'
import { kindOfPath, knownMethod } from '../endpoint-kind.ts'
import { nanoseconds, newSpanId, newTraceId, preciseNow, withTrace } from './active-trace.ts'
import type { Span } from './span.ts'
import { formatTraceparent, parseTraceparent, type TraceContext } from './trace-context.ts'

export interface TracedOptions {
  /** Called with the span of a request when its answer begins. */
  readonly add: (span: Span) => void
  /** The part of the traces that begin here and are kept, from 0 to 1. */
  readonly ratio: number
  /** Returns a number from 0 to 1. */
  readonly random?: (() => number) | undefined
  /** Returns milliseconds since 1970. */
  readonly now?: (() => number) | undefined
}

/**
 * Makes a span of every request. A request that belongs to a trace goes on with it, and its sender
 * decides whether the span is kept.
 */
export function traced(handler: Handler, options: TracedOptions): Handler {
  const { add, ratio, random = Math.random, now = preciseNow } = options
  return async (request, exchange) => {
    const parent = parseTraceparent(request.headers.get('traceparent'))
    const context: TraceContext = {
      traceId: parent?.traceId ?? newTraceId(),
      spanId: newSpanId(),
      isSampled: parent?.isSampled ?? random() < ratio,
    }
    exchange.traceparent = formatTraceparent(context)
    if (!context.isSampled) return handler(request, exchange)
    const start = now()
    const response = await withTrace(context, add, () => handler(request, exchange))
    const method = knownMethod(request.method)
    const { pathname } = new URL(request.url)
    add({
      traceId: context.traceId,
      spanId: context.spanId,
      kind: 'server',
      parentId: parent?.spanId,
      name: `${method} ${kindOfPath(pathname)}`,
      start: nanoseconds(start),
      end: nanoseconds(now()),
      attributes: {
        'http.request.method': method,
        'http.response.status_code': response.status,
        'url.path': pathname.slice(0, 1024),
        'client.address': exchange.address,
        'user_agent.original': request.headers.get('User-Agent')?.slice(0, 256),
        'enduser.id': exchange.principal?.name,
      },
      isError: response.status >= 500,
    })
    return response
  }
}
