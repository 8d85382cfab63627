import {
  attribute,
  concatenate,
  macBytes,
  type NetlinkRequest,
  type NetlinkSocket,
  nested,
  netlinkFlag,
  parseAttributes,
  parseText,
} from '#platform'

/** A network interface as the kernel describes it. */
export interface Link {
  readonly index: number
  readonly name: string
  readonly up: boolean
  readonly mtu: number
  /** Index of the bridge it is a port of. */
  readonly master?: number
  /** The hardware address of an Ethernet interface. */
  readonly mac?: string
  /** Free text of the process that made the interface. */
  readonly alias?: string
}

/** Message types of rtnetlink. The attributes below have their numbers from linux/if_link.h and related headers. */
const message = {
  newLink: 16,
  deleteLink: 17,
  getLink: 18,
  setLink: 19,
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
  const mac = fields.get(1)
  return {
    index: view.getInt32(4, true),
    name: parseText(fields.get(3) ?? new Uint8Array()),
    up: (view.getUint32(8, true) & UP) !== 0,
    mtu: number32(fields.get(4)),
    ...(fields.has(10) ? { master: number32(fields.get(10)) } : {}),
    ...(mac?.length === 6
      ? {
          mac: Buffer.from(mac)
            .toString('hex')
            .replace(/..(?!$)/g, '$&:'),
        }
      : {}),
    ...(fields.has(20) ? { alias: parseText(fields.get(20) ?? new Uint8Array()) } : {}),
  }
}

/**
 * Creates a bridge that is down. Its hardware address is fixed, so that it does not change with its
 * ports.
 */
export function createBridge(
  socket: NetlinkSocket,
  options: { readonly name: string; readonly mac: string; readonly mtu: number },
): void {
  const body = concatenate([
    linkHeader(),
    attribute(3, options.name),
    attribute(1, macBytes(options.mac)),
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

/** Creates an interface of the kind dummy, which is down. It leads nowhere. */
export function createDummy(socket: NetlinkSocket, name: string): void {
  const body = concatenate([linkHeader(), attribute(3, name), nested(18, attribute(1, 'dummy'))])
  socket.send([{ type: message.newLink, flags: fresh, body }])
}

/**
 * Creates an interface in the namespace of the descriptor, above an interface of the host. `info`
 * is its kind, the attribute IFLA_LINKINFO.
 */
export function createLan(
  socket: NetlinkSocket,
  options: {
    /** Index. */
    readonly parent: number
    readonly device: string
    readonly namespace: number
    readonly mac?: string | undefined
    readonly mtu?: number | undefined
    readonly info: Uint8Array
  },
): void {
  const { mac, mtu } = options
  const body = concatenate([
    linkHeader(),
    attribute(3, options.device),
    attribute(5, options.parent),
    attribute(28, options.namespace),
    ...(mac === undefined ? [] : [attribute(1, macBytes(mac))]),
    ...(mtu === undefined ? [] : [attribute(4, mtu)]),
    options.info,
  ])
  socket.send([{ type: message.newLink, flags: fresh, body }])
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

/** The request that brings an interface up. */
export function upRequest(name: string): NetlinkRequest {
  return { type: message.setLink, body: concatenate([linkHeader(UP), attribute(3, name)]) }
}

function linkHeader(flags = 0): Uint8Array {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setUint32(8, flags, true)
  view.setUint32(12, flags, true)
  return bytes
}

/** Reads a number in the order of this machine; 0 where it is absent. */
export function number32(value: Uint8Array | undefined): number {
  if (value === undefined || value.length < 4) return 0
  return new DataView(value.buffer, value.byteOffset, 4).getUint32(0, true)
}
