import { steady, TooSlowError } from '#stream'
import type { Handler } from './handler.ts'

/** What is read of a body that no handler wanted, before its connection is given up. */
const mostDrained = 1024 * 1024

/** How long such a body may take, in milliseconds. */
const longestDrain = 5000

/**
 * Lets no body keep a connection that was answered already: the runtime reads
 * what is left of it for as long as it keeps coming, however slowly. A small rest
 * is read first, so that the connection serves the next request; after another the
 * connection is closed.
 */
export function settlingBodies(handler: Handler): Handler {
  return async (request, exchange) => {
    const response = await handler(request, exchange)
    if (hasBody(request) && !(await isReceived(request, response))) {
      response.headers.set('Connection', 'close')
    }
    return response
  }
}

function hasBody({ headers }: Request): boolean {
  return headers.has('Transfer-Encoding') || Number(headers.get('Content-Length') ?? 0) > 0
}

/** True when nothing of the body is still to come. */
async function isReceived(request: Request, response: Response): Promise<boolean> {
  // Who accepts a request has read its body; who refuses it may have stopped in the middle.
  if (request.bodyUsed) return response.status < 400
  if (request.body === null || Number(request.headers.get('Content-Length')) > mostDrained) {
    return false
  }
  let size = 0
  const pace = { silence: longestDrain, grace: longestDrain, rate: mostDrained }
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
