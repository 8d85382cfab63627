import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Writable } from 'node:stream'

/** Returns an IPv4 address in its own form, also for a socket of both families. */
export function plainAddress(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=[\d.]+$)/, '')
}

/** Converts a request of `node:http`, whose body is read chunk by chunk. */
export function toRequest(incoming: IncomingMessage, signal: AbortSignal): Request {
  const { method = 'GET' } = incoming
  const body = method === 'GET' || method === 'HEAD' ? null : bodyOf(incoming)
  return requestWith(incoming, signal, body)
}

/** Like `toRequest`, with a body that is not part of `incoming`. */
export function requestWith(
  { method = 'GET', url = '/', rawHeaders }: IncomingMessage,
  signal: AbortSignal,
  body: ReadableStream<Uint8Array> | Uint8Array | null,
): Request {
  const headers = new Headers()
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    headers.append(rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '')
  }
  const init = { method, headers, signal, body, duplex: 'half' }
  return new Request(urlOf(url, headers.get('Host') ?? ''), init as RequestInit)
}

/**
 * Returns a URL for every target of a request: a path, a URL, or text that is neither, such as `*`,
 * which becomes a path that nobody serves. A host that is more than a name and a port is ignored,
 * because it would change the path.
 */
function urlOf(target: string, host: string): string {
  const isHost = /^[\w.:[\]-]+$/.test(host) && URL.canParse(`http://${host}`)
  const base = isHost ? `http://${host}` : 'http://localhost'
  if (target.startsWith('/')) return base + target
  return URL.canParse(target) ? target : `${base}/${target}`
}

/** Sends a response, whose body is read as fast as the client reads. */
export async function sendResponse(
  response: Response,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  outgoing.writeHead(response.status, [...response.headers].flat())
  if (response.body === null || incoming.method === 'HEAD') {
    await response.body?.cancel()
    outgoing.end()
  } else {
    // The head of a response whose body comes later must not wait for the body.
    outgoing.flushHeaders()
    await sendBody(response.body, outgoing)
  }
  // An unread body would block the next request of the connection.
  incoming.resume()
}

/**
 * Sends a body as fast as the client reads, and ends the connection's side of it. Cancels the body
 * as soon as the client is gone.
 */
export async function sendBody(
  body: ReadableStream<Uint8Array>,
  destination: Writable,
): Promise<void> {
  const reader = body.getReader()
  const cancel = (): void => void reader.cancel(new Error('the client has left')).catch(() => {})
  destination.once('close', cancel)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done || destination.destroyed) break
      if (!destination.write(value)) await drained(destination)
    }
    destination.end()
  } finally {
    destination.off('close', cancel)
  }
}

/** Resolves when there is room again, or the destination is closed. */
function drained(destination: Writable): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      destination.off('drain', settle)
      destination.off('close', settle)
      resolve()
    }
    if (destination.destroyed) return resolve()
    destination.on('drain', settle)
    destination.on('close', settle)
  })
}

/** Reads chunk by chunk, so that a slow handler slows the sender. */
export function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  const iterator = incoming[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await iterator.next()
        if (done === true) controller.close()
        else controller.enqueue(value)
      },
    },
    { highWaterMark: 0 },
  )
}
