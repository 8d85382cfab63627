import { addressBytes } from './ipv4.ts'
import {
  attribute,
  concatenate,
  type NetlinkRequest,
  type NetlinkSocket,
  nested,
  netlinkFlag,
} from './netlink.ts'
import { commit } from './nftables.ts'

/** A port of the thread's own network namespace that leads to another one. */
export interface PortRedirect {
  readonly protocol: 'tcp' | 'udp'
  readonly port: number
  readonly to: number
}

/**
 * Makes a table whose rules send packets for ports of an address to other ports of the same
 * address. So a server has a port that other programs can still bind. The socket belongs to the
 * network namespace. The kernel is called directly: nft would take longer to start.
 */
export function redirectPorts(
  socket: NetlinkSocket,
  table: string,
  { address, ports }: { readonly address: string; readonly ports: readonly PortRedirect[] },
): void {
  commit(socket, [
    // Made first, so that it can be removed: a server that was killed has left its rules in it.
    request(message.newTable, attribute(1, table), attribute(2, word(0))),
    request(message.deleteTable, attribute(1, table)),
    request(message.newTable, attribute(1, table), attribute(2, word(0))),
    request(
      message.newChain,
      attribute(1, table),
      attribute(3, chain),
      attribute(7, 'nat'),
      attribute(5, word(ACCEPT)),
      nested(4, attribute(1, word(OUTPUT)), attribute(2, word(destinationPriority))),
    ),
    ...ports.map((port) =>
      request(
        message.newRule,
        attribute(1, table),
        attribute(2, chain),
        nested(4, ...rule(address, port)),
      ),
    ),
  ])
}

const SUBSYSTEM = 10 << 8
const message = { newTable: 0, deleteTable: 2, newChain: 3, newRule: 6 }
const chain = 'output'
const ACCEPT = 1
/** The hook for packets that processes of the namespace send. */
const OUTPUT = 3
const destinationPriority = -100

function request(type: number, ...attributes: readonly Uint8Array[]): NetlinkRequest {
  const INET = 2
  const APPEND = 0x800
  const flags = netlinkFlag.create | (type === message.newRule ? APPEND : 0)
  return {
    type: SUBSYSTEM | type,
    flags,
    body: concatenate([new Uint8Array([INET, 0, 0, 0]), ...attributes]),
  }
}

/** The expressions of `ip daddr ADDRESS PROTOCOL dport PORT dnat to ADDRESS:TO`, by linux/netfilter/nf_tables.h. */
function rule(address: string, { protocol, port, to }: PortRedirect): readonly Uint8Array[] {
  const NETWORK = 1
  const TRANSPORT = 2
  const number = protocol === 'tcp' ? 6 : 17
  return [
    payload({ header: NETWORK, offset: 16, length: 4 }),
    isEqual(addressBytes(address)),
    expression('meta', attribute(2, word(16)), attribute(1, word(1))),
    isEqual(Uint8Array.of(number)),
    payload({ header: TRANSPORT, offset: 2, length: 2 }),
    isEqual(half(port)),
    load(1, addressBytes(address)),
    load(2, half(to)),
    expression(
      'nat',
      // Destination, IPv4, address in register 1, port in register 2, both given.
      ...[attribute(1, word(1)), attribute(2, word(2)), attribute(3, word(1))],
      ...[attribute(5, word(2)), attribute(7, word(2))],
    ),
  ]
}

function payload(part: {
  readonly header: number
  readonly offset: number
  readonly length: number
}): Uint8Array {
  const { header, offset, length } = part
  return expression(
    'payload',
    ...[attribute(1, word(1)), attribute(2, word(header))],
    ...[attribute(3, word(offset)), attribute(4, word(length))],
  )
}

/** Goes on only if register 1 has this value. */
function isEqual(value: Uint8Array): Uint8Array {
  return expression(
    'cmp',
    ...[attribute(1, word(1)), attribute(2, word(0)), nested(3, attribute(1, value))],
  )
}

function load(register: number, value: Uint8Array): Uint8Array {
  return expression('immediate', attribute(1, word(register)), nested(2, attribute(1, value)))
}

function expression(name: string, ...attributes: readonly Uint8Array[]): Uint8Array {
  return nested(1, attribute(1, name), nested(2, ...attributes))
}

/** 32 bits in network order. */
function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setInt32(0, value)
  return bytes
}

/** 16 bits in network order. */
function half(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 255)
}
