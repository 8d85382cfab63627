import { BlockList } from 'node:net'
import { ipVersion } from '#platform'
import { limited, toReadableStream } from '#stream'
import type { Downloads } from './http.ts'
import { openRequest } from './http.ts'
import type { HttpServices } from './services.ts'
import { outerTarget, publicTarget } from './target.ts'

/** A request of a command, which reached the proxy of its step. */
export interface ForwardedRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: AsyncIterable<Uint8Array>
}

export interface ForwardRules {
  readonly from: Downloads
  readonly http: HttpServices
  readonly signal: AbortSignal
}

/** The most bytes of the body of a request: a command downloads, and what it sends is short. */
const maxBody = 64 * 2 ** 20

/** Passes the body on while it comes, so that no body is ever whole in memory. */
function streamOf(body: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  return toReadableStream(limited(body, maxBody, 'the body of the request'))
}

/**
 * Headers that would make a server answer with a part of the content, or without it. Without them
 * every answer is the whole content, which has a digest.
 */
const partial: ReadonlySet<string> = new Set([
  'range',
  'if-range',
  'if-none-match',
  'if-modified-since',
])

/** The addresses of this machine that a container cannot reach: its loopback, and its link. */
const ownNetworks = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '::/127',
  '::ffff:0.0.0.0/104',
  '::ffff:127.0.0.0/104',
  '::ffff:169.254.0.0/112',
  'fe80::/10',
]

let own: BlockList | undefined

function isOwnAddress(address: string): boolean {
  if (own === undefined) {
    own = new BlockList()
    for (const network of ownNetworks) {
      const [base = '', prefix] = network.split('/')
      own.addSubnet(base, Number(prefix), ipVersion(base) === 6 ? 'ipv6' : 'ipv4')
    }
  }
  return own.check(address, ipVersion(address) === 6 ? 'ipv6' : 'ipv4')
}

/**
 * Sends a request of a command to its server. Follows no redirect, because the command does. A
 * command reaches no address that it could not reach from a container. Throws `DENIED` and
 * `UNAVAILABLE`.
 */
export async function forward(
  { method, url, headers, body }: ForwardedRequest,
  { from, http, signal }: ForwardRules,
): Promise<Response> {
  const at = new URL(url)
  const { target, init } =
    from === 'public' ? await publicTarget(at, http) : await outerTarget(at, http, isOwnAddress)
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const kept = Object.entries(headers).filter(([name]) => !partial.has(name.toLowerCase()))
  const { response } = await openRequest(
    at,
    target,
    {
      ...init,
      method,
      headers: { ...Object.fromEntries(kept), ...init.headers },
      ...(hasBody && { body: streamOf(body) }),
    },
    { signal, http },
  )
  return response
}
