import type { CollectionRound } from '../../collect/schedule.ts'
import { nanoseconds, newSpanId, newTraceId, preciseNow, withTrace } from './active-trace.ts'
import type { Span } from './span.ts'

/** Makes a span of a collection, with the statements and object requests that it sends. */
export async function traceRound(
  work: () => Promise<CollectionRound>,
  add: (span: Span) => void,
): Promise<CollectionRound> {
  const context = { traceId: newTraceId(), spanId: newSpanId(), isSampled: true }
  const start = preciseNow()
  let round: CollectionRound | undefined
  let error: unknown
  try {
    round = await withTrace(context, add, work)
    return round
  } catch (cause) {
    error = cause
    throw cause
  } finally {
    add({
      traceId: context.traceId,
      spanId: context.spanId,
      name: 'collection',
      kind: 'internal',
      start: nanoseconds(start),
      end: nanoseconds(preciseNow()),
      attributes: {
        'strake.collection.tags': round?.tags,
        'strake.collection.manifests': round?.manifests,
        'strake.collection.blobs': round?.blobs,
        'strake.collection.bytes': round?.bytes,
        'error.type': error instanceof Error ? error.name : undefined,
      },
      isError: round === undefined,
    })
  }
}
