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
import type { Bridge } from './bridge.ts'
import {
  configureContainer,
  createVeth,
  deleteLink,
  listLinks,
  setDefaultRoute,
  setPortUp,
} from './link.ts'
import { writeSysctl } from './sysctl.ts'

export interface ConnectOptions {
  /** The namespace exists, and gets one more interface. */
  readonly isMore?: boolean | undefined
  /** The default route goes through the bridge. */
  readonly isDefault: boolean
  readonly ip: string
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
  const { ip, mac, bridge, isMore, isDefault, ...port } = options
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
  const gateway = isDefault ? bridge.gateway : undefined
  configureContainer(inside, { device, ip, prefix: bridge.subnet.prefix, gateway })
  return device
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

/** Makes this interface of a container its way outside. */
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
