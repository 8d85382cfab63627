import { ipVersion, isPrivateAddress } from '#platform'
import { denied, noAddress, unavailable } from './refusal.ts'
import type { HttpServices } from './services.ts'

/** True when a host is known to have a private address. */
export async function isInner(url: URL, http: HttpServices): Promise<boolean> {
  return (await resolve(url, http)).some(isPrivateAddress)
}

async function resolve({ hostname }: URL, { lookup }: HttpServices): Promise<readonly string[]> {
  const host = bareHost(hostname)
  return ipVersion(host) === 0 ? await lookup(host) : [host]
}

/** Removes the brackets of an IPv6 address in a URL. */
function bareHost(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}

/** The request that replaces a URL. */
export interface Target {
  readonly target: string
  readonly init: {
    readonly headers?: Record<string, string>
    readonly tls?: { readonly serverName: string }
  }
}

/**
 * The request connects to the address that was checked, because a second look-up of
 * the name may return another address. Only a proxy gets the name.
 */
export async function publicTarget(url: URL, http: HttpServices): Promise<Target> {
  return await checkedTarget(url, http, { refuses: isPrivateAddress, what: 'an inner network' })
}

/** As `publicTarget`, for every server but those whose address `refuses` is true for. */
export async function outerTarget(
  url: URL,
  http: HttpServices,
  refuses: (address: string) => boolean,
): Promise<Target> {
  return await checkedTarget(url, http, { refuses, what: 'this machine' })
}

async function checkedTarget(
  url: URL,
  http: HttpServices,
  { refuses, what }: { readonly refuses: (address: string) => boolean; readonly what: string },
): Promise<Target> {
  const addresses = await resolve(url, http)
  const inner = addresses.find(refuses)
  if (inner !== undefined) {
    throw denied(url, `${url.hostname} is at ${inner}, an address of ${what}`)
  }
  const [address] = addresses
  const isNumeric = ipVersion(bareHost(url.hostname)) !== 0
  if (isNumeric || hasProxy(http)) return { target: url.href, init: {} }
  if (address === undefined) throw unavailable(url, noAddress)
  const pinned = new URL(url)
  pinned.hostname = address.includes(':') ? `[${address}]` : address
  return {
    target: pinned.href,
    init: { headers: { Host: url.host }, tls: { serverName: url.hostname } },
  }
}

function hasProxy({ env }: HttpServices): boolean {
  return ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy'].some((name) => env[name])
}
