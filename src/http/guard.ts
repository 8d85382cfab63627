import type { Handler } from './handler.ts'
import { createHostList, type Host, parseHost } from './host.ts'
import { refuse } from './refusal.ts'

export interface GuardOptions {
  /** The address or name that the server listens on; a Unix socket has none. */
  readonly hostname?: string | undefined
  /** Further names that clients know the server by. */
  readonly allowedHosts?: readonly string[] | undefined
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/**
 * Lets only those requests through that a client of ours or a page of this very
 * server can have sent. Any page in a browser can send requests to an address of
 * the user's machine or network; the browser says so in `Host`, `Origin` or
 * `Sec-Fetch-Site`, and a program that is no browser sends no `Origin`.
 */
export function guarded(handler: Handler, options: GuardOptions): Handler {
  const { hostname, allowedHosts } = options
  const isAllowed = hostname === undefined ? () => true : createHostList(hostname, allowedHosts)
  return async (request, exchange) => {
    const { headers, method } = request
    const header = headers.get('Host')
    // HTTP/1.0 has no Host, and no browser sends HTTP/1.0.
    const host = header === null ? undefined : parseHost(header)
    if (header !== null && host === undefined) {
      return refuse(400, 'Cannot serve the request: its Host header is not valid')
    }
    if (!methods.includes(method)) {
      return refuse(405, `Cannot serve the request: the method ${method} is not known`, {
        Allow: methods.join(', '),
      })
    }
    if (host !== undefined && !isAllowed(host.name)) {
      return refuse(
        403,
        `Cannot serve the request: this server is not known as ${host.name}; allow the name with --allow-host ${host.name}`,
      )
    }
    if (isForeign(request, host)) {
      return refuse(403, 'Cannot serve the request: a page of another site sent it')
    }
    return handler(request, exchange)
  }
}

function isForeign({ headers, method }: Request, host: Host | undefined): boolean {
  const origin = headers.get('Origin')
  if (origin !== null && !isOwnOrigin(origin, host)) return true
  const site = headers.get('Sec-Fetch-Site')
  if (site === null || site === 'same-origin' || site === 'none') return false
  // A link on another site may lead here: the answer is then shown, not given to that site.
  const isRead = method === 'GET' || method === 'HEAD'
  return !isRead || headers.get('Sec-Fetch-Mode') !== 'navigate'
}

/** True for a page that this server served itself, whatever encrypts the way to it. */
function isOwnOrigin(origin: string, host: Host | undefined): boolean {
  const match = /^(https?):\/\/([^/]+)$/i.exec(origin)
  const from = match === null ? undefined : parseHost(match[2] ?? '')
  if (from === undefined || host === undefined) return false
  const usual = match?.[1]?.toLowerCase() === 'https' ? '443' : '80'
  const portOf = ({ port }: Host): string => (port === '' ? usual : port)
  return from.name === host.name && portOf(from) === portOf(host)
}
