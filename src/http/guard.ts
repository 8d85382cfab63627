import type { Handler } from './handler.ts'
import { createHostList, type Host, parseHost } from './host.ts'
import { type Refuse, refuse as refuseAsRegistry } from './refusal.ts'

export interface GuardOptions {
  /** The address or name that the server listens on; a Unix socket has none. */
  readonly hostname?: string | undefined
  /** Further names by which clients reach the server. */
  readonly allowedHosts?: readonly string[] | undefined
  /** Makes the response to a request that is refused. Default: that of a registry. */
  readonly refuse?: Refuse | undefined
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/**
 * Passes only requests that a client program or a page of this server can have sent. Any page in a
 * browser can send requests to an address of the user's machine or network. The browser then puts
 * the page's site into `Host`, `Origin` or `Sec-Fetch-Site`. A client program sends no `Origin`.
 */
export function guarded(handler: Handler, options: GuardOptions): Handler {
  const { hostname, allowedHosts, refuse = refuseAsRegistry } = options
  const isAllowed = hostname === undefined ? () => true : createHostList(hostname, allowedHosts)
  const hostOf = rememberingLast(parseHost)
  const isKnown = rememberingLast(isAllowed)
  const refusalOf = (request: Request): Response | undefined => {
    const { headers, method } = request
    const header = headers.get('Host')
    // HTTP/1.0 has no Host, and no browser sends HTTP/1.0.
    const host = header === null ? undefined : hostOf(header)
    if (header !== null && host === undefined) {
      return refuse(400, 'Cannot serve the request: its Host header is not valid')
    }
    if (!methods.includes(method)) {
      return refuse(405, `Cannot serve the request: the method ${method} is not known`, {
        Allow: methods.join(', '),
      })
    }
    if (host !== undefined && !isKnown(host.name)) {
      return refuse(
        403,
        `Cannot serve the request: this server is not known as ${host.name}; allow the name with --allow-host ${host.name}`,
      )
    }
    if (isForeign(request, host)) {
      return refuse(403, 'Cannot serve the request: a page of another site sent it')
    }
    return undefined
  }
  return (request, exchange) => {
    const refusal = refusalOf(request)
    return refusal === undefined ? handler(request, exchange) : Promise.resolve(refusal)
  }
}

/** Returns the same function, which remembers its last result: most requests have the same host. */
function rememberingLast<T>(work: (text: string) => T): (text: string) => T {
  let last: { readonly text: string; readonly result: T } | undefined
  return (text) => {
    if (last?.text !== text) last = { text, result: work(text) }
    return last.result
  }
}

function isForeign({ headers, method }: Request, host: Host | undefined): boolean {
  const origin = headers.get('Origin')
  if (origin !== null && !isOwnOrigin(origin, host)) return true
  const site = headers.get('Sec-Fetch-Site')
  if (site === null || site === 'same-origin' || site === 'none') return false
  // A link on another site may lead to this server. The browser shows the response only to the
  // user.
  const isRead = method === 'GET' || method === 'HEAD'
  return !isRead || headers.get('Sec-Fetch-Mode') !== 'navigate'
}

/** Returns true for a page of this server, also behind a proxy that adds TLS. */
function isOwnOrigin(origin: string, host: Host | undefined): boolean {
  const match = /^(https?):\/\/([^/]+)$/i.exec(origin)
  const from = match === null ? undefined : parseHost(match[2] ?? '')
  if (from === undefined || host === undefined) return false
  const usual = match?.[1]?.toLowerCase() === 'https' ? '443' : '80'
  const portOf = ({ port }: Host): string => (port === '' ? usual : port)
  return from.name === host.name && portOf(from) === portOf(host)
}
