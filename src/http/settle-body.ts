import { steady, TooSlowError } from '#stream'
import type { Exchange, Handler } from './handler.ts'

/** The most bytes to read of a body that the handler ignored. */
const mostDrained = 16 * 1024 * 1024

/** The longest time for reading such a body, in milliseconds. */
const longestDrain = 5000

/**
 * Prevents an unread body from keeping its connection open after the response: the runtime reads
 * the rest of a body for as long as bytes arrive, however slowly. A small rest is read before the
 * response, so that the connection can serve the next request. With a larger rest the connection is
 * closed.
 */
export function settlingBodies(handler: Handler): Handler {
  return (request, exchange) =>
    hasBody(request) ? settle(handler, request, exchange) : handler(request, exchange)
}

async function settle(handler: Handler, request: Request, exchange: Exchange): Promise<Response> {
  const response = await handler(request, exchange)
  if (!(await isReceived(request, response))) response.headers.set('Connection', 'close')
  return response
}

function hasBody({ headers }: Request): boolean {
  return headers.has('Transfer-Encoding') || Number(headers.get('Content-Length') ?? 0) > 0
}

/** Returns true when the whole body was received. */
async function isReceived(request: Request, response: Response): Promise<boolean> {
  // A handler that accepts a request has read its body. One that refuses the request may have
  // stopped early.
  if (request.bodyUsed) return response.status < 400
  if (request.body === null || Number(request.headers.get('Content-Length')) > mostDrained) {
    return false
  }
  let size = 0
  const pace = { silence: longestDrain, grace: longestDrain, rate: 1024 * 1024 }
  try {
    for await (const chunk of steady(request.body, pace)) {
      size += chunk.byteLength
      if (size > mostDrained) return false
    }
    return true
  } catch (error) {
    if (error instanceof TooSlowError) return false
    return true
  }
}
