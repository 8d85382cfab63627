import { BlockList, isIP } from 'node:net'
import type { Exchange, Handler } from '#http'

/** Addresses in one header that are read. A longer list is cut at its far end. */
const mostHops = 20

/**
 * Gives handlers the address of the client behind reverse proxies, which they add to
 * `X-Forwarded-For`. Only the part that trusted proxies have written is believed: anybody else can
 * write into the header too.
 */
export function behindProxies(handler: Handler, proxies: readonly string[]): Handler {
  const trusted = parseNetworks(proxies)
  const isTrusted = (address: string): boolean =>
    isIP(address) !== 0 && trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  return (request, exchange) => {
    if (!isTrusted(exchange.address)) return handler(request, exchange)
    const { canFreeBody, certificate, upgrade } = exchange
    const hops = (request.headers.get('X-Forwarded-For') ?? '').split(',').slice(-mostHops)
    const address = clientOf(hops.map(plain), isTrusted) ?? exchange.address
    const behind: Exchange = { address, canFreeBody, certificate, upgrade }
    return handler(request, behind)
  }
}

/** Returns the last address that no trusted proxy has; `undefined` for a header that is not understood. */
function clientOf(
  hops: readonly string[],
  isTrusted: (address: string) => boolean,
): string | undefined {
  let address: string | undefined
  for (const hop of hops.toReversed()) {
    if (isIP(hop) === 0) return address
    address = hop
    if (!isTrusted(hop)) return address
  }
  return address
}

/** Returns the address in `192.0.2.1:1234` or `[2001:db8::1]:1234`. */
function plain(text: string): string {
  const match = /^\s*(?:\[([0-9a-f:.]+)\](?::\d+)?|([\d.]+)(?::\d+)?|([0-9a-f:.]+))\s*$/i.exec(text)
  const address = match?.[1] ?? match?.[2] ?? match?.[3] ?? ''
  return address.replace(/^::ffff:(?=[\d.]+$)/i, '')
}

/** Reads addresses and networks, `10.0.0.0/8`. Throws for others. */
function parseNetworks(texts: readonly string[]): BlockList {
  const list = new BlockList()
  for (const text of texts) {
    const [address = '', prefix] = text.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return list
}
