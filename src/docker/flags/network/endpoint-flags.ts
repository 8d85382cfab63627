import type { EndpointOptions } from '#network'
import { formatIpv6, parseAddress, parseIpv6 } from '#platform'
import { refuse } from '../refuse.ts'

/** Adds addresses of `--link-local-ip`. Throws `INVALID`. */
export function withLinkLocal(
  endpoint: EndpointOptions | undefined,
  texts: readonly string[],
): EndpointOptions {
  const { linkLocalIps = [] } = endpoint ?? {}
  return { ...endpoint, linkLocalIps: [...linkLocalIps, ...texts.map(parseLinkLocal)] }
}

function parseLinkLocal(text: string): string {
  const [old, recent] = [parseAddress(text), parseIpv6(text)]
  if (old !== undefined && text.startsWith('169.254.')) return text
  if (recent !== undefined && recent >> 118n === 0b1111111010n) return formatIpv6(recent)
  throw refuse('--link-local-ip', text, 'expected an address of 169.254.0.0/16 or fe80::/10')
}

const prefix = 'com.docker.network.endpoint.'

/** Adds an option of the interface in Docker's words. Throws `INVALID`. */
export function withDriverOption(
  endpoint: EndpointOptions | undefined,
  text: string,
): EndpointOptions {
  const at = text.indexOf('=')
  const [name, value] = [text.slice(0, Math.max(0, at)), text.slice(at + 1)]
  if (name === `${prefix}ifname`) return { ...endpoint, device: parseDevice(value) }
  if (name === `${prefix}sysctls`) {
    const pairs = value.split(',').map((one) => parseSysctl(text, one))
    return { ...endpoint, sysctls: { ...endpoint?.sysctls, ...Object.fromEntries(pairs) } }
  }
  throw refuse('--driver-opt', text, `the options are ${prefix}ifname and ${prefix}sysctls`)
}

function parseDevice(text: string): string {
  const isName = /^[^\s/:]{1,15}$/.test(text) && text !== '.' && text !== '..' && text !== 'lo'
  if (isName) return text
  throw refuse('--driver-opt', text, 'expected the name of an interface, of 1 to 15 characters')
}

/** `net.ipv4.conf.IFNAME.log_martians=1` becomes `ipv4/conf/IFNAME/log_martians`. */
function parseSysctl(text: string, setting: string): readonly [string, string] {
  const [, name, value = ''] =
    /^net\.((?:ipv4|ipv6|mpls)\.(?:conf|neigh)\.IFNAME\.[a-z0-9_]+)=(.*)$/.exec(setting) ?? []
  if (name !== undefined) return [name.replaceAll('.', '/'), value]
  const example = 'net.ipv4.conf.IFNAME.log_martians=1'
  throw refuse('--driver-opt', text, `expected settings of the interface, such as ${example}`)
}
