import {
  attribute,
  concatenate,
  formatAddress,
  ipBytes,
  ipv6Of,
  type NetlinkMessage,
  type NetlinkRequest,
  type NetlinkSocket,
  netlinkFlag,
  parseAttributes,
  type Subnet,
  type Subnet6,
  subnet6Of,
  subnetOf,
} from '#platform'
import { getLink, number32, upRequest } from './link.ts'

/** An address of an interface, in text: IPv4 or IPv6. */
export interface InterfaceAddress {
  readonly ip: string
  readonly prefix: number
}

/** An IPv4 address of an interface. */
export interface LinkAddress extends InterfaceAddress {
  /** The interface. */
  readonly index: number
}

/** An IPv4 entry of the main routing table; the default route has prefix 0. */
export interface Route {
  readonly subnet: Subnet
  readonly index: number | undefined
}

/** Message types of rtnetlink. The attributes below have their numbers from linux/if_addr.h and linux/rtnetlink.h. */
const message = { newAddress: 20, getAddress: 22, newRoute: 24, getRoute: 26 }
const fresh = netlinkFlag.create | netlinkFlag.excl

/** The numbers of the two families of addresses. */
const inet = 2
const inet6 = 10

/** Returns the first IPv4 address of every interface that has one. */
export function listAddresses(socket: NetlinkSocket): readonly LinkAddress[] {
  const body = new Uint8Array([inet, 0, 0, 0, 0, 0, 0, 0])
  const answers = socket.send([{ type: message.getAddress, flags: netlinkFlag.dump, body }])
  return answers.map(({ body }) => {
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
    const ip = parseAttributes(body.subarray(8)).get(2) ?? new Uint8Array(4)
    return { index: view.getUint32(4, true), prefix: body[1] ?? 32, ip: ip.join('.') }
  })
}

/** Whether the interface has this IPv6 address. */
export function hasIpv6Address(socket: NetlinkSocket, index: number, ip: string): boolean {
  const body = new Uint8Array([inet6, 0, 0, 0, 0, 0, 0, 0])
  const wanted = Buffer.from(ipBytes(ip))
  const answers = socket.send([{ type: message.getAddress, flags: netlinkFlag.dump, body }])
  return answers.some(({ body }) => {
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
    const own = parseAttributes(body.subarray(8)).get(1)
    return view.getUint32(4, true) === index && own !== undefined && wanted.equals(own)
  })
}

/** Returns every IPv4 route of every table, except routes to the host's own addresses. */
export function listRoutes(socket: NetlinkSocket): readonly Route[] {
  return dumpRoutes(socket, inet).map(({ body }) => {
    const fields = parseAttributes(body.subarray(12))
    const [a = 0, b = 0, c = 0, d = 0] = fields.get(1) ?? []
    const output = fields.get(4)
    const base = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
    return {
      subnet: subnetOf(base, body[1] ?? 0),
      index: output === undefined ? undefined : number32(output),
    }
  })
}

/** Returns the targets of every IPv6 route, except routes to the host's own addresses. */
export function listRoutes6(socket: NetlinkSocket): readonly Subnet6[] {
  return dumpRoutes(socket, inet6).map(({ body }) => {
    const base = parseAttributes(body.subarray(12)).get(1) ?? new Uint8Array(16)
    return subnet6Of(ipv6Of(base), body[1] ?? 0)
  })
}

function dumpRoutes(socket: NetlinkSocket, family: number): readonly NetlinkMessage[] {
  const UNICAST = 1
  const body = routeHeader(family, 0)
  return socket
    .send([{ type: message.getRoute, flags: netlinkFlag.dump, body }])
    .filter(({ body }) => body[7] === UNICAST)
}

/**
 * Gives an interface of the container its addresses, and default routes through the gateways.
 * Brings it and loopback up.
 */
export function configureContainer(
  socket: NetlinkSocket,
  options: {
    readonly device: string
    readonly addresses: readonly InterfaceAddress[]
    /** At most one of each family. */
    readonly gateways: readonly string[]
    /** The default routes lead to the interface, without a gateway. */
    readonly isDirect?: boolean | undefined
  },
): void {
  const { device, addresses, gateways, isDirect } = options
  const { index } = getLink(socket, device)
  socket.send([
    upRequest('lo'),
    upRequest(device),
    ...addresses.map((address) => addressRequest(index, address)),
    ...gateways.map((gateway) => defaultRoute(gateway, index)),
    ...(isDirect ? addresses.map(({ ip }) => directRoute(ip, index)) : []),
  ])
}

/** Replaces the default route of the family of the gateway. */
export function setDefaultRoute(socket: NetlinkSocket, device: string, gateway: string): void {
  const { index } = getLink(socket, device)
  const flags = netlinkFlag.create | netlinkFlag.replace
  socket.send([{ ...defaultRoute(gateway, index), flags }])
}

function defaultRoute(gateway: string, index: number): NetlinkRequest {
  const header = routeHeader(familyOf(gateway), 1)
  const body = concatenate([header, attribute(5, ipBytes(gateway)), attribute(4, index)])
  return { type: message.newRoute, flags: fresh, body }
}

/** A default route of the family of `ip`, to the interface itself. */
function directRoute(ip: string, index: number): NetlinkRequest {
  const LINK = 253
  const header = routeHeader(familyOf(ip), 1)
  header[6] = LINK
  return { type: message.newRoute, flags: fresh, body: concatenate([header, attribute(4, index)]) }
}

export function addAddress(socket: NetlinkSocket, index: number, address: InterfaceAddress): void {
  socket.send([addressRequest(index, address)])
}

function addressRequest(index: number, { ip, prefix }: InterfaceAddress): NetlinkRequest {
  const family = familyOf(ip)
  // Nobody else on the bridge has the address, so the kernel need not ask for seconds.
  const NO_DUPLICATE_CHECK = 0x02
  const flags = family === inet6 ? NO_DUPLICATE_CHECK : 0
  const header = new Uint8Array([family, prefix, flags, 0, 0, 0, 0, 0])
  new DataView(header.buffer).setUint32(4, index, true)
  const body = concatenate([
    header,
    attribute(2, ipBytes(ip)),
    attribute(1, ipBytes(ip)),
    ...(family === inet ? [attribute(4, ipBytes(broadcastOf(ip, prefix)))] : []),
  ])
  return { type: message.newAddress, flags: fresh, body }
}

function broadcastOf(ip: string, prefix: number): string {
  const { base } = subnetOf(new DataView(ipBytes(ip).buffer).getUint32(0), prefix)
  return formatAddress((base | (0xffffffff >>> prefix)) >>> 0)
}

function familyOf(ip: string): number {
  return ip.includes(':') ? inet6 : inet
}

function routeHeader(family: number, type: number): Uint8Array {
  const MAIN = 254
  const BOOT = 3
  return new Uint8Array([family, 0, 0, 0, MAIN, BOOT, 0, type, 0, 0, 0, 0])
}
