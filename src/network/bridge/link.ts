import {
  addressBytes,
  attribute,
  concatenate,
  formatAddress,
  macBytes,
  macOf,
  type NetlinkRequest,
  type NetlinkSocket,
  nested,
  netlinkFlag,
  parseAttributes,
  parseText,
  type Subnet,
  subnetOf,
} from '#platform'

/** A network interface as the kernel describes it. */
export interface Link {
  readonly index: number
  readonly name: string
  readonly up: boolean
  readonly mtu: number
  /** Index of the bridge it is a port of. */
  readonly master?: number
  /** Free text of the process that made the interface. */
  readonly alias?: string
}

/** An IPv4 address of an interface. */
export interface LinkAddress {
  readonly index: number
  readonly ip: string
  readonly prefix: number
}

/** An entry of the main routing table; the default route has prefix 0. */
export interface Route {
  readonly subnet: Subnet
  readonly index: number | undefined
}

/** Message types of rtnetlink. The attributes below have their numbers from linux/if_link.h and related headers. */
const message = {
  newLink: 16,
  deleteLink: 17,
  getLink: 18,
  setLink: 19,
  newAddress: 20,
  getAddress: 22,
  newRoute: 24,
  getRoute: 26,
}
const UP = 1
const fresh = netlinkFlag.create | netlinkFlag.excl

export function listLinks(socket: NetlinkSocket): readonly Link[] {
  const body = linkHeader()
  return socket
    .send([{ type: message.getLink, flags: netlinkFlag.dump, body }])
    .map(({ body }) => parseLink(body))
}

/** Returns the interface with this name. Throws `NetlinkError` ENODEV when none has it. */
export function getLink(socket: NetlinkSocket, name: string): Link {
  const request = { type: message.getLink, body: concatenate([linkHeader(), attribute(3, name)]) }
  const [answer] = socket.send([request])
  if (answer === undefined) throw new TypeError(`no answer about interface ${name}`)
  return parseLink(answer.body)
}

function parseLink(body: Uint8Array): Link {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  const fields = parseAttributes(body.subarray(16))
  return {
    index: view.getInt32(4, true),
    name: parseText(fields.get(3) ?? new Uint8Array()),
    up: (view.getUint32(8, true) & UP) !== 0,
    mtu: number32(fields.get(4)),
    ...(fields.has(10) ? { master: number32(fields.get(10)) } : {}),
    ...(fields.has(20) ? { alias: parseText(fields.get(20) ?? new Uint8Array()) } : {}),
  }
}

/** Returns the first IPv4 address of every interface that has one. */
export function listAddresses(socket: NetlinkSocket): readonly LinkAddress[] {
  const body = new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0])
  const answers = socket.send([{ type: message.getAddress, flags: netlinkFlag.dump, body }])
  return answers.map(({ body }) => {
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
    const ip = parseAttributes(body.subarray(8)).get(2) ?? new Uint8Array(4)
    return { index: view.getUint32(4, true), prefix: body[1] ?? 32, ip: ip.join('.') }
  })
}

/** Returns every IPv4 route of every table, except routes to the host's own addresses. */
export function listRoutes(socket: NetlinkSocket): readonly Route[] {
  const UNICAST = 1
  const body = routeHeader(0)
  return socket
    .send([{ type: message.getRoute, flags: netlinkFlag.dump, body }])
    .filter(({ body }) => body[7] === UNICAST)
    .map(({ body }) => {
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

/**
 * Creates a bridge that is down. Its hardware address is fixed, so that it does not change with its
 * ports.
 */
export function createBridge(
  socket: NetlinkSocket,
  options: { readonly name: string; readonly ip: string; readonly mtu: number },
): void {
  const body = concatenate([
    linkHeader(),
    attribute(3, options.name),
    attribute(1, macBytes(macOf(options.ip))),
    attribute(4, options.mtu),
    nested(18, attribute(1, 'bridge')),
  ])
  socket.send([{ type: message.newLink, flags: fresh, body }])
}

/**
 * Creates a pair of interfaces that are down: one on the bridge, and `device` in the namespace of
 * the descriptor.
 */
export function createVeth(
  socket: NetlinkSocket,
  options: {
    readonly name: string
    readonly bridge: Link
    readonly device: string
    readonly mac: string
    readonly namespace: number
  },
): void {
  const mtu = attribute(4, options.bridge.mtu)
  const peer = concatenate([
    linkHeader(),
    attribute(3, options.device),
    attribute(1, macBytes(options.mac)),
    mtu,
    attribute(28, options.namespace),
  ])
  const body = concatenate([
    linkHeader(),
    attribute(3, options.name),
    attribute(10, options.bridge.index),
    mtu,
    nested(18, attribute(1, 'veth'), nested(2, nested(1, peer))),
  ])
  socket.send([{ type: message.newLink, flags: fresh, body }])
}

/**
 * Gives an interface of the container its address, and the default route if there is a gateway.
 * Brings it and loopback up.
 */
export function configureContainer(
  socket: NetlinkSocket,
  options: {
    readonly device: string
    readonly ip: string
    readonly prefix: number
    readonly gateway: string | undefined
  },
): void {
  const { device, gateway } = options
  const { index } = getLink(socket, device)
  socket.send([
    upRequest('lo'),
    upRequest(device),
    addressRequest(index, options.ip, options.prefix),
    ...(gateway === undefined ? [] : [defaultRoute(gateway, index)]),
  ])
}

/** Replaces the default route. */
export function setDefaultRoute(socket: NetlinkSocket, device: string, gateway: string): void {
  const { index } = getLink(socket, device)
  const request = defaultRoute(gateway, index)
  socket.send([{ ...request, flags: netlinkFlag.create | netlinkFlag.replace }])
}

function defaultRoute(gateway: string, index: number): NetlinkRequest {
  const to = concatenate([routeHeader(1), attribute(5, addressBytes(gateway)), attribute(4, index)])
  return { type: message.newRoute, flags: fresh, body: to }
}

/**
 * Brings a port of a bridge up. With `hairpin` the bridge may send a frame back to the
 * port that it came from. Where br_netfilter is loaded, a container needs that to reach
 * its own published port. With `isolated` it exchanges no frames with other isolated ports.
 */
export function setPortUp(
  socket: NetlinkSocket,
  name: string,
  options: { readonly hairpin: boolean; readonly isolated?: boolean | undefined },
): void {
  const flags = [options.hairpin ? [4] : [], options.isolated ? [33] : []].flat()
  const modes = flags.map((flag) => attribute(flag, Uint8Array.of(1)))
  const bridgePort =
    modes.length === 0 ? [] : [nested(18, attribute(4, 'bridge'), nested(5, ...modes))]
  const body = concatenate([linkHeader(UP), attribute(3, name), ...bridgePort])
  socket.send([{ type: message.newLink, body }])
}

export function setLinkUp(socket: NetlinkSocket, name: string): void {
  socket.send([upRequest(name)])
}

export function addAddress(
  socket: NetlinkSocket,
  link: Link,
  options: { readonly ip: string; readonly prefix: number },
): void {
  socket.send([addressRequest(link.index, options.ip, options.prefix)])
}

/** Sets the alias of an interface, which `ip link` shows. */
export function setAlias(socket: NetlinkSocket, name: string, alias: string): void {
  const body = concatenate([linkHeader(), attribute(3, name), attribute(20, alias)])
  socket.send([{ type: message.setLink, body }])
}

/** Makes the interface a port of the bridge. Throws `NetlinkError` ENODEV when one of them does not exist. */
export function setMaster(socket: NetlinkSocket, name: string, bridge: Link): void {
  const body = concatenate([linkHeader(), attribute(3, name), attribute(10, bridge.index)])
  socket.send([{ type: message.setLink, body }])
}

export function deleteLink(socket: NetlinkSocket, name: string): void {
  socket.send([{ type: message.deleteLink, body: concatenate([linkHeader(), attribute(3, name)]) }])
}

function upRequest(name: string): NetlinkRequest {
  return { type: message.setLink, body: concatenate([linkHeader(UP), attribute(3, name)]) }
}

function addressRequest(index: number, ip: string, prefix: number): NetlinkRequest {
  const header = new Uint8Array([2, prefix, 0, 0, 0, 0, 0, 0])
  new DataView(header.buffer).setUint32(4, index, true)
  const { base } = subnetOf(new DataView(addressBytes(ip).buffer).getUint32(0), prefix)
  const broadcast = formatAddress((base | (0xffffffff >>> prefix)) >>> 0)
  const body = concatenate([
    header,
    attribute(2, addressBytes(ip)),
    attribute(1, addressBytes(ip)),
    attribute(4, addressBytes(broadcast)),
  ])
  return { type: message.newAddress, flags: fresh, body }
}

function linkHeader(flags = 0): Uint8Array {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setUint32(8, flags, true)
  view.setUint32(12, flags, true)
  return bytes
}

function routeHeader(type: number): Uint8Array {
  const MAIN = 254
  const BOOT = 3
  return new Uint8Array([2, 0, 0, 0, MAIN, BOOT, 0, type, 0, 0, 0, 0])
}

function number32(value: Uint8Array | undefined): number {
  if (value === undefined || value.length < 4) return 0
  return new DataView(value.buffer, value.byteOffset, 4).getUint32(0, true)
}
