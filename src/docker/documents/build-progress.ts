import type { ProgressEvent, StepEvent } from '#stream'

/**
 * Returns a function that makes the documents of `--progress rawjson`: BuildKit's `SolveStatus`,
 * one for each event. Events that BuildKit does not have are documents of their own.
 *
 * @param now milliseconds since 1970
 */
export function createProgressDocuments(
  now: () => number = Date.now,
): (event: ProgressEvent) => object {
  const started = new Map<string, string>()
  const startOf = (id: string): string => {
    const time = started.get(id) ?? new Date(now()).toISOString()
    started.set(id, time)
    return time
  }
  return (event) => {
    const timestamp = new Date(now()).toISOString()
    switch (event.type) {
      case 'step':
        return { vertexes: [vertexOf(event, startOf(event.id), timestamp)] }
      case 'log': {
        const { id, stream, data } = event
        const number = stream === 'stdout' ? 1 : 2
        return { logs: [{ vertex: id, stream: number, data: toBase64(data), timestamp }] }
      }
      case 'transfer': {
        const { id, current, total, done } = event
        const times = { timestamp, started: startOf(id), ...(done && { completed: timestamp }) }
        return { statuses: [{ id, ...(total !== undefined && { total }), current, ...times }] }
      }
      case 'warning':
        return { warnings: [warningOf(event)] }
      default:
        return event
    }
  }
}

function vertexOf({ id, name, state, error }: StepEvent, started: string, now: string): object {
  const vertex = { digest: id, name, started }
  switch (state) {
    case 'started':
      return vertex
    case 'cached':
      return { ...vertex, completed: now, cached: true }
    case 'done':
      return { ...vertex, completed: now }
    case 'failed':
      return { ...vertex, completed: now, error: error ?? 'failed' }
    case 'canceled':
      return { ...vertex, completed: now, error: 'context canceled' }
  }
}

function warningOf({ message, rule, place }: Extract<ProgressEvent, { type: 'warning' }>): object {
  const text = rule === undefined ? message : `${rule}: ${message}`
  const short = place === undefined ? text : `${text} (line ${place.line})`
  return {
    level: 1,
    short: toBase64(new TextEncoder().encode(short)),
    ...(place !== undefined && {
      sourceInfo: { filename: place.file },
      range: [{ start: { line: place.line }, end: { line: place.line } }],
    }),
  }
}

/** Go's form of bytes in JSON. */
function toBase64(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')
}
