import { StrakeError } from '#oci'
import { ipVersion, isPrivateAddress } from '#platform'
import { isPrivateHost, leadsInside, type ResolveHost } from './address.ts'
import { connectionError } from './retry.ts'

/** The most addresses of one host that a request tries. */
const mostAddresses = 4

/**
 * Checks a host that another host names. Returns its addresses, to which the request must
 * then go: a second look-up of the name may return a private address. Returns none where
 * any address is allowed, and without `resolve`, when only names are checked. Throws
 * `DENIED` when a public host names a host of an inner network, and `UNAVAILABLE`.
 */
export async function checkNamedHost(
  from: URL,
  next: URL,
  options: {
    readonly resolve?: ResolveHost | undefined
    readonly signal?: AbortSignal | undefined
  },
): Promise<readonly string[]> {
  const { resolve, signal } = options
  if (next.host === from.host) return []
  const isInner = isPrivateHost(next.hostname)
  const isAddress = ipVersion(next.hostname.replace(/^\[(.*)\]$/, '$1')) !== 0
  let addresses: readonly string[] = []
  if (!isInner && !isAddress && resolve !== undefined) {
    try {
      addresses = await resolve(next.hostname.replace(/\.$/, ''))
    } catch (error) {
      throw connectionError(next.host, error, signal)
    }
  }
  if (!isInner && !addresses.some(isPrivateAddress)) return addresses
  if (await leadsInside(from.hostname, resolve)) return []
  throw new StrakeError(
    'DENIED',
    `Cannot follow ${from.host} to ${next.host}: a public registry may not name a private address`,
  )
}

/** A request to one address in place of a URL. */
export interface Target {
  readonly href: string
  readonly headers?: Readonly<Record<string, string>>
  readonly tls?: { readonly serverName: string }
}

/** Returns the targets for a URL, in the order of its addresses. The certificate must be that of the name. */
export function targetsOf(url: URL, addresses: readonly string[]): [Target, ...Target[]] {
  const [first, ...others] = addresses.slice(0, mostAddresses).map((address) => {
    const direct = new URL(url)
    direct.hostname = address.includes(':') ? `[${address}]` : address
    const tls = { serverName: url.hostname.replace(/\.$/, '') }
    return { href: direct.href, headers: { Host: url.host }, tls }
  })
  return first === undefined ? [{ href: url.href }] : [first, ...others]
}
