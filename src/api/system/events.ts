import { eventDocument } from '#docker/documents/event'
import { parseEventFilters } from '#docker/filters/event-filters'
import { type EventRecord, watchEvents } from '#engine/events/watch-events'
import type { ApiCall } from '../call.ts'
import { ApiError } from '../failure.ts'
import { timeOf } from '../query.ts'
import { stream } from '../reply.ts'
import { acceptedStream, usualStream } from './event-streams.ts'

/** `GET /events`: recorded events from `since` on, then every new one until `until`. */
export async function events(call: ApiCall): Promise<Response> {
  const { engine, query, request, signal, version } = call
  const since = timeOf('since', query.text('since'))
  const until = timeOf('until', query.text('until'))
  if (since !== undefined && until !== undefined && since > until) {
    throw new ApiError(
      400,
      `\`since\` time (${query.text('since')}) cannot be after \`until\` time (${query.text('until')})`,
    )
  }
  const filter = parseEventFilters(query.filters())
  const watched = watchEvents(engine, { since, until, filter, signal })
  const format = version < 52 ? withOldNames : eventDocument
  const contentType = acceptedStream(request.headers.get('Accept') ?? '') ?? usualStream(version)
  return stream(documents(watched, format, signal), {
    contentType,
    before: contentType === 'application/json-seq' ? '\x1e' : '',
    after: '\n',
  })
}

async function* documents(
  events: AsyncIterable<EventRecord>,
  format: (event: EventRecord) => unknown,
  signal: AbortSignal,
): AsyncGenerator<unknown> {
  try {
    for await (const event of events) yield format(event)
  } catch (error) {
    // The client has left, or the server ends.
    if (!signal.aborted) throw error
  }
}

/** Before version 1.52 an event of a container or an image repeated some members under older names. */
function withOldNames(event: EventRecord): unknown {
  const document = eventDocument(event)
  if (event.type !== 'container' && event.type !== 'image') return document
  const from = event.type === 'container' ? { from: event.attributes['image'] ?? '' } : {}
  return { status: event.action, id: event.actor, ...from, ...document }
}
