import { refuse } from './refuse.ts'

/** The flags of `network create` as texts, before they are parsed. */
export interface NetworkFlags {
  readonly driver?: string | undefined
  readonly subnets?: readonly string[] | undefined
  readonly gateways?: readonly string[] | undefined
  readonly ipRanges?: readonly string[] | undefined
  readonly auxiliary?: readonly string[] | undefined
  readonly options?: readonly string[] | undefined
}

/** The typed options that the flags ask for. */
export interface NetworkAddresses {
  readonly subnet?: string | undefined
  readonly gateway?: string | undefined
  readonly ipRange?: string | undefined
  readonly auxiliary: Readonly<Record<string, string>>
  readonly options: Readonly<Record<string, string>>
}

/** Parses the flags. Throws `INVALID`. */
export function parseNetworkFlags(flags: NetworkFlags): NetworkAddresses {
  const { driver = 'bridge', auxiliary = [], options = [] } = flags
  if (driver !== 'bridge') throw refuse('--driver', driver, 'networks are of the driver bridge')
  return {
    subnet: only('--subnet', flags.subnets),
    gateway: only('--gateway', flags.gateways),
    ipRange: only('--ip-range', flags.ipRanges),
    auxiliary: Object.fromEntries(auxiliary.map((text) => pair('--aux-address', text))),
    options: Object.fromEntries(options.map((text) => pair('--opt', text))),
  }
}

/** A network has one subnet, which is of IPv4. */
function only(flag: string, texts: readonly string[] = []): string | undefined {
  const [first, second] = texts
  if (first?.includes(':')) throw refuse(flag, first, 'networks have no IPv6 addresses')
  if (second === undefined) return first
  throw refuse(flag, second, `a network has one of them, and it is ${first}`)
}

function pair(flag: string, text: string): [name: string, value: string] {
  const at = text.indexOf('=')
  if (at < 1) throw refuse(flag, text, 'expected NAME=VALUE')
  return [text.slice(0, at), text.slice(at + 1)]
}
