import { closeSync, openSync } from 'node:fs'
import {
  createNetworkNamespace,
  enterNetworkNamespace,
  isSystemError,
  type NetlinkSocket,
  netlinkProtocol,
  openNetlink,
  removeNetworkNamespace,
} from '#platform'
import { type EndpointOptions, linkLocalAddresses } from '../endpoint.ts'
import { configureContainer, setDefaultRoute } from './address.ts'
import type { Bridge } from './bridge.ts'
import { createVeth, deleteLink, listLinks, setPortUp } from './link.ts'
import type { AttachmentRecord } from './state.ts'
import { writeSysctl } from './sysctl.ts'

export interface ConnectOptions {
  /** The namespace exists, and gets one more interface. */
  readonly isMore?: boolean | undefined
  readonly endpoint?: EndpointOptions | undefined
  /** The default route of IPv4 goes through the bridge. */
  readonly isDefault: boolean
  readonly isIpv6Default?: boolean | undefined
  readonly ip?: string | undefined
  readonly ip6?: string | undefined
  readonly mac: string
  readonly bridge: Bridge
  /** As for `setPortUp`. */
  readonly hairpin: boolean
  readonly isolated: boolean | undefined
}

/**
 * Creates the network namespace unless the container has one, and a pair of interfaces with one
 * end in it. Returns the name of that end.
 */
export function connect(path: string, veth: string, options: ConnectOptions): string {
  const { ip, ip6, mac, bridge, isMore, isDefault, isIpv6Default, endpoint, ...port } = options
  using host = openNetlink(netlinkProtocol.route)
  using inside = isMore ? openNamespace(path) : makeNamespace(path)
  const device = endpoint?.device ?? (isMore ? freeDevice(inside) : 'eth0')
  const namespace = openSync(path, 'r')
  try {
    createVeth(host, { name: veth, bridge: bridge.link, device, mac, namespace })
  } finally {
    closeSync(namespace)
  }
  writeSysctl(`ipv6/conf/${veth}/disable_ipv6`, '1')
  setPortUp(host, veth, port)
  prepareDevice(path, device, { hasIpv6: ip6 !== undefined, endpoint })
  const { ipv4, ipv6 } = bridge
  const places = [
    { ip, prefix: ipv4?.subnet.prefix, gateway: isDefault ? ipv4?.gateway : undefined },
    { ip: ip6, prefix: ipv6?.subnet.prefix, gateway: isIpv6Default ? ipv6?.gateway : undefined },
  ]
  configureContainer(inside, {
    device,
    addresses: [
      ...places.flatMap(({ ip: own, prefix }) =>
        own === undefined || prefix === undefined ? [] : [{ ip: own, prefix }],
      ),
      ...linkLocalAddresses(endpoint),
    ],
    gateways: places.flatMap(({ gateway }) => gateway ?? []),
  })
  return device
}

/** Sets what the interface of a container needs before it gets its addresses. */
export function prepareDevice(
  path: string,
  device: string,
  {
    hasIpv6,
    endpoint = {},
  }: { readonly hasIpv6: boolean; readonly endpoint?: EndpointOptions | undefined },
): void {
  const { linkLocalIps = [], sysctls = {} } = endpoint
  const settings = Object.entries(sysctls)
  const needsIpv6 = hasIpv6 || linkLocalIps.some((ip) => ip.includes(':'))
  if (!needsIpv6 && settings.length === 0) return
  enterNetworkNamespace(path, () => {
    if (needsIpv6) {
      // Only strake gives addresses on a bridge, so the kernel need not look for duplicates.
      writeSysctl(`ipv6/conf/${device}/accept_dad`, '0')
      // Interfaces have no IPv6 addresses unless their network has them.
      writeSysctl(`ipv6/conf/${device}/disable_ipv6`, '0')
    }
    for (const [name, value] of settings) writeSysctl(name.replaceAll('IFNAME', device), value)
  })
}

/** Returns the first name of `eth0`, `eth1`... that no interface of the namespace has. */
export function freeDevice(inside: NetlinkSocket): string {
  const taken = new Set(listLinks(inside).map(({ name }) => name))
  for (let number = 0; ; number++) {
    if (!taken.has(`eth${number}`)) return `eth${number}`
  }
}

/** Opens a netlink socket in the namespace. */
export function openNamespace(path: string): NetlinkSocket {
  return enterNetworkNamespace(path, () => openNetlink(netlinkProtocol.route))
}

/** Creates the namespace. Replaces one that an interrupted start has left. */
export function makeNamespace(path: string): NetlinkSocket {
  const inside = () => {
    // New interfaces in the namespace then get no IPv6 address, not even a link-local one.
    writeSysctl('ipv6/conf/default/accept_ra', '0')
    writeSysctl('ipv6/conf/default/disable_ipv6', '1')
    return openNetlink(netlinkProtocol.route)
  }
  try {
    return createNetworkNamespace(path, inside)
  } catch (error) {
    if (!isSystemError(error, 'EEXIST')) throw error
    removeNetworkNamespace(path)
    return createNetworkNamespace(path, inside)
  }
}

/** Makes this interface of a container its way outside, in the family of the gateway. */
export function routeThrough(path: string, device: string, gateway: string): void {
  using inside = openNamespace(path)
  setDefaultRoute(inside, device, gateway)
}

/** Removes the interface of a container, if it is still there: by its end here, else by that inside. */
export function removeInterface(
  path: string,
  { veth, device }: Pick<AttachmentRecord, 'veth' | 'device'>,
): void {
  try {
    using route = device === undefined ? openNetlink(netlinkProtocol.route) : openNamespace(path)
    deleteLink(route, device ?? veth)
  } catch (error) {
    if (!isSystemError(error, 'ENODEV', 'ENOENT')) throw error
  }
}
