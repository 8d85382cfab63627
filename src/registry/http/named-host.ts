import { StrakeError } from '#oci'
import { ipVersion, isLinkAddress, isPrivateAddress } from '#platform'
import { bare, isPrivateHost, leadsInside, type ResolveHost } from './address.ts'
import { connectionError } from './retry.ts'

/** The most addresses of one host that a request tries. */
const mostAddresses = 4

/**
 * Checks a host that another host names. Returns its addresses, to which the request must
 * then go: a second look-up of the name may return another address. Returns none for an
 * address, and without `resolve`, when only names are checked. Throws `DENIED` when a public
 * host names a host of an inner network, or any host names a link-local or metadata address,
 * and `UNAVAILABLE`.
 */
export async function checkNamedHost(
  from: URL,
  next: URL,
  options: {
    readonly resolve?: ResolveHost | undefined
    readonly signal?: AbortSignal | undefined
  },
): Promise<readonly string[]> {
  const { resolve } = options
  if (next.host === from.host) return []
  const denied = (reason: string): StrakeError =>
    new StrakeError('DENIED', `Cannot follow ${from.host} to ${next.host}: ${reason}`)
  const inner = 'a public registry may not name a private address'
  const isInner = isPrivateHost(next.hostname)
  if (isInner && !(await leadsInside(from.hostname, resolve))) throw denied(inner)
  const addresses = await addressesOf(next, options)
  if (next.hostname !== from.hostname && isLink(next, addresses)) {
    throw denied('a registry may not name a link-local address or a metadata service')
  }
  const isHidden = !isInner && addresses.some(isPrivateAddress)
  if (isHidden && !(await leadsInside(from.hostname, resolve))) throw denied(inner)
  return addresses
}

function isLink({ hostname }: URL, addresses: readonly string[]): boolean {
  const host = bare(hostname)
  return host === 'metadata.google.internal' || [host, ...addresses].some(isLinkAddress)
}

/** Looks up a name. Returns none for an address, and without `resolve`. */
async function addressesOf(
  { host, hostname }: URL,
  { resolve, signal }: Parameters<typeof checkNamedHost>[2],
): Promise<readonly string[]> {
  const name = bare(hostname)
  if (resolve === undefined || ipVersion(name) !== 0) return []
  try {
    return await resolve(name)
  } catch (error) {
    throw connectionError(host, error, signal)
  }
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
