import type { CreateNetworkOptions } from '#engine/network/create-options'
import type { BlockRequest } from '#network'
import { refuse } from './refuse.ts'

/** The flags of `network create` as texts, before they are parsed. */
export interface NetworkFlags {
  readonly driver?: string | undefined
  readonly scope?: string | undefined
  readonly ipamDriver?: string | undefined
  readonly ipamOptions?: readonly string[] | undefined
  /** `--ipv4=false` is false. */
  readonly ipv4?: boolean | undefined
  readonly ipv6?: boolean | undefined
  readonly subnets?: readonly string[] | undefined
  readonly gateways?: readonly string[] | undefined
  readonly ipRanges?: readonly string[] | undefined
  readonly auxiliary?: readonly string[] | undefined
  readonly options?: readonly string[] | undefined
  readonly isAttachable?: boolean | undefined
  readonly isConfigOnly?: boolean | undefined
  readonly configFrom?: string | undefined
}

type Parsed = Pick<
  CreateNetworkOptions,
  'ipv4' | 'ipv6' | 'auxiliary' | 'options' | 'driver' | 'traits'
>

/** Parses the flags. Throws `INVALID`. */
export function parseNetworkFlags(flags: NetworkFlags): Parsed {
  const { auxiliary = [], options = [], ipamOptions = [], scope = 'local' } = flags
  const { isAttachable, isConfigOnly, configFrom, ipamDriver = 'default' } = flags
  if (ipamDriver !== 'default') {
    throw refuse('--ipam-driver', ipamDriver, 'addresses are given by the driver default')
  }
  if (scope !== 'local') throw refuse('--scope', scope, 'networks are of one machine, scope local')
  const ipv6 = blockOf(flags, (text) => text.includes(':'))
  const ipv4 = blockOf(flags, (text) => !text.includes(':'))
  const hasIpv4Parts = Object.values(ipv4).some((part) => part !== undefined)
  const hasIpv6Parts = Object.values(ipv6).some((part) => part !== undefined)
  if (flags.ipv4 === false && hasIpv4Parts) {
    throw refuse('--ipv4', 'false', 'the network has IPv4 addresses given')
  }
  if (flags.ipv6 === false && hasIpv6Parts) {
    throw refuse('--ipv6', 'false', 'the network has IPv6 addresses given')
  }
  return {
    driver: parseDriver(flags.driver),
    ipv4: flags.ipv4 === false ? false : ipv4,
    ipv6: flags.ipv6 || hasIpv6Parts ? ipv6 : undefined,
    auxiliary: Object.fromEntries(auxiliary.map((text) => pair('--aux-address', text))),
    options: Object.fromEntries(options.map((text) => pair('--opt', text))),
    traits: {
      isAttachable,
      isConfigOnly,
      configFrom,
      ...(ipamOptions.length > 0 && {
        ipamOptions: Object.fromEntries(ipamOptions.map((text) => pair('--ipam-opt', text))),
      }),
    },
  }
}

function parseDriver(driver = 'bridge'): CreateNetworkOptions['driver'] {
  if (driver === 'bridge' || driver === 'macvlan' || driver === 'ipvlan') return driver
  throw refuse('--driver', driver, 'the drivers are bridge, macvlan and ipvlan')
}

/** The addresses of one family: a network has one subnet of each. */
function blockOf(flags: NetworkFlags, isOwn: (text: string) => boolean): BlockRequest {
  return {
    subnet: only('--subnet', flags.subnets?.filter(isOwn)),
    gateway: only('--gateway', flags.gateways?.filter(isOwn)),
    ipRange: only('--ip-range', flags.ipRanges?.filter(isOwn)),
  }
}

function only(flag: string, texts: readonly string[] = []): string | undefined {
  const [first, second] = texts
  if (second === undefined) return first
  throw refuse(flag, second, `a network has one of them in each family, and it is ${first}`)
}

function pair(flag: string, text: string): [name: string, value: string] {
  const at = text.indexOf('=')
  if (at < 1) throw refuse(flag, text, 'expected NAME=VALUE')
  return [text.slice(0, at), text.slice(at + 1)]
}
