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
import { configureContainer, setDefaultRoute } from './address.ts'
import type { Bridge } from './bridge.ts'
import { createVeth, deleteLink, listLinks, setPortUp } from './link.ts'
import { writeSysctl } from './sysctl.ts'

export interface ConnectOptions {
  /** The namespace exists, and gets one more interface. */
  readonly isMore?: boolean | undefined
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
  const { ip, ip6, mac, bridge, isMore, isDefault, isIpv6Default, ...port } = options
  using host = openNetlink(netlinkProtocol.route)
  using inside = isMore ? openNamespace(path) : makeNamespace(path)
  const device = isMore ? freeDevice(inside) : 'eth0'
  const namespace = openSync(path, 'r')
  try {
    createVeth(host, { name: veth, bridge: bridge.link, device, mac, namespace })
  } finally {
    closeSync(namespace)
  }
  writeSysctl(`ipv6/conf/${veth}/disable_ipv6`, '1')
  setPortUp(host, veth, port)
  if (ip6 !== undefined) allowIpv6(path, device)
  const { ipv4, ipv6 } = bridge
  const places = [
    { ip, prefix: ipv4?.subnet.prefix, gateway: isDefault ? ipv4?.gateway : undefined },
    { ip: ip6, prefix: ipv6?.subnet.prefix, gateway: isIpv6Default ? ipv6?.gateway : undefined },
  ]
  configureContainer(inside, {
    device,
    addresses: places.flatMap(({ ip: own, prefix }) =>
      own === undefined || prefix === undefined ? [] : [{ ip: own, prefix }],
    ),
    gateways: places.flatMap(({ gateway }) => gateway ?? []),
  })
  return device
}

/** Interfaces of a container have no IPv6 addresses unless its network has them. */
function allowIpv6(path: string, device: string): void {
  enterNetworkNamespace(path, () => {
    // Only strake gives addresses on the bridge, so the kernel need not look for duplicates.
    writeSysctl(`ipv6/conf/${device}/accept_dad`, '0')
    writeSysctl(`ipv6/conf/${device}/disable_ipv6`, '0')
  })
}

/** Returns the first name of `eth0`, `eth1`... that no interface of the namespace has. */
function freeDevice(inside: NetlinkSocket): string {
  const taken = new Set(listLinks(inside).map(({ name }) => name))
  for (let number = 0; ; number++) {
    if (!taken.has(`eth${number}`)) return `eth${number}`
  }
}

function openNamespace(path: string): NetlinkSocket {
  return enterNetworkNamespace(path, () => openNetlink(netlinkProtocol.route))
}

/** Creates the namespace. Replaces one that an interrupted start has left. */
function makeNamespace(path: string): NetlinkSocket {
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

/** Removes a pair of interfaces, if it is still there. */
export function removeInterface(veth: string): void {
  using route = openNetlink(netlinkProtocol.route)
  try {
    deleteLink(route, veth)
  } catch (error) {
    if (!isSystemError(error, 'ENODEV')) throw error
  }
}
