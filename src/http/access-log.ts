import type { Handler } from './handler.ts'

/** A request and its response. */
export interface AccessEntry {
  /** When it arrived: milliseconds since 1970. */
  readonly time: number
  /** The sender's IP address; empty on a Unix socket. */
  readonly address: string
  /** The sender's name, if its credentials were checked. */
  readonly principal: string | undefined
  readonly method: string
  /** Without the query, which may contain a signature or a token. */
  readonly path: string
  readonly status: number
  /** Bytes of the body, if the response has a length. */
  readonly size: number | undefined
  /** Milliseconds until the response began. */
  readonly duration: number
}

/** Calls `write` for every response when it begins. */
export function logged(handler: Handler, write: (entry: AccessEntry) => void): Handler {
  return async (request, exchange) => {
    const time = Date.now()
    const started = performance.now()
    const response = await handler(request, exchange)
    const length = response.headers.get('Content-Length')
    write({
      time,
      address: exchange.address,
      principal: exchange.principal?.name,
      method: request.method,
      path: pathOf(request.url),
      status: response.status,
      size: length === null ? undefined : Number(length),
      duration: Math.round((performance.now() - started) * 1000) / 1000,
    })
    return response
  }
}

function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname : (url.split('?')[0] ?? '')
}
