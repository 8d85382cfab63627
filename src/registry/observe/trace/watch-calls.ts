import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { addChild } from './active-trace.ts'
import type { Span } from './span.ts'

/** A call that has ended, as the channels below publish it. */
interface Call {
  /** Milliseconds. */
  readonly duration: number
  /** The kind of error, if there was no answer. */
  readonly error?: string | undefined
}

interface HttpCall extends Call {
  readonly method: string
  /** Without secrets. */
  readonly url: string
  readonly status?: number | undefined
}

interface Statement extends Call {
  readonly text: string
}

/**
 * Channels on which clients publish their calls; nobody makes such a record while nothing watches.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/
 */
const watched: Readonly<Record<string, (message: unknown) => void>> = {
  'registry:request': (message) => addRequest('upstream', message as HttpCall),
  'objects:request': (message) => addRequest('object', message as HttpCall),
  'postgres:query': (message) => addStatement(message as Statement),
}

let watchers = 0

/** Makes spans of requests to other servers and of statements, until disposed. */
export function watchCalls(): Disposable {
  watchers += 1
  if (watchers === 1) {
    for (const [name, listener] of Object.entries(watched)) subscribe(name, listener)
  }
  return {
    [Symbol.dispose]() {
      watchers -= 1
      if (watchers > 0) return
      for (const [name, listener] of Object.entries(watched)) unsubscribe(name, listener)
    },
  }
}

function addRequest(what: string, { method, url, status, duration, error }: HttpCall): void {
  const { hostname, port, protocol } = new URL(url)
  const attributes: Span['attributes'] = {
    'http.request.method': method,
    'url.full': url.slice(0, 1024),
    'server.address': hostname,
    'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
    'http.response.status_code': status,
    'error.type': error ?? (status !== undefined && status >= 400 ? String(status) : undefined),
  }
  const isError = status === undefined || status >= 400
  addChild({ name: `${method} ${what}`, attributes, duration, isError })
}

function addStatement({ text, duration, error }: Statement): void {
  const query = text.replaceAll(/\s+/g, ' ').trim()
  const operation = /^\w+/.exec(query)?.[0].toUpperCase() ?? 'SQL'
  const target = /\bstrake_\w+/.exec(query)?.[0]
  const summary = target === undefined ? operation : `${operation} ${target}`
  const attributes: Span['attributes'] = {
    'db.system.name': 'postgresql',
    'db.operation.name': operation,
    'db.query.summary': summary,
    // Values are parameters, so the text has none.
    'db.query.text': query.slice(0, 1024),
    'error.type': error,
  }
  addChild({ name: summary, attributes, duration, isError: error !== undefined })
}
