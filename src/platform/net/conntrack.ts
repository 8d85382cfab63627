import { isSystemError } from '../call/libc.ts'
import {
  concatenate,
  type NetlinkMessage,
  type NetlinkSocket,
  nested,
  netlinkFlag,
  parseAttributes,
} from './netlink.ts'

/** `NFNL_SUBSYS_CTNETLINK << 8`, and its requests. */
const message = { get: 0x101, delete: 0x102 } as const
const headers = [2, 10].map((family) => Uint8Array.of(family, 0, 0, 0))
const originalTuple = 1
const protocolOfTuple = 2
const protocolField = { number: 1, destinationPort: 3 } as const
const udp = 17

/**
 * Deletes the kernel's entries of UDP flows to these ports, so that the next datagram
 * of each is routed anew. For UDP the kernel keeps the old destination for minutes,
 * even after the port was published to another container. `netfilter` is a netlink
 * socket of that protocol.
 */
export function forgetUdpFlows(netfilter: NetlinkSocket, ports: readonly number[]): void {
  const wanted = new Set(ports)
  for (const { body } of headers.flatMap((header) => listFlows(netfilter, header))) {
    const header = body.subarray(0, 4)
    const tuple = parseAttributes(body.subarray(header.length)).get(originalTuple)
    const port = tuple && udpPortOf(tuple)
    if (tuple === undefined || port === undefined || !wanted.has(port)) continue
    const request = concatenate([header, nested(originalTuple, tuple)])
    try {
      netfilter.send([{ type: message.delete, body: request }])
    } catch (error) {
      // The flow ended by itself.
      if (!isSystemError(error, 'ENOENT')) throw error
    }
  }
}

/** Returns the UDP flows, none when the kernel was built without this interface. */
function listFlows(netfilter: NetlinkSocket, header: Uint8Array): readonly NetlinkMessage[] {
  try {
    return netfilter.send([{ type: message.get, flags: netlinkFlag.dump, body: header }])
  } catch (error) {
    if (!isSystemError(error)) throw error
    return []
  }
}

/** Returns the destination port of a UDP flow, `undefined` for another flow. */
function udpPortOf(tuple: Uint8Array): number | undefined {
  const protocol = parseAttributes(parseAttributes(tuple).get(protocolOfTuple) ?? new Uint8Array())
  const port = protocol.get(protocolField.destinationPort)
  if (protocol.get(protocolField.number)?.[0] !== udp || port === undefined) return undefined
  return ((port[0] ?? 0) << 8) | (port[1] ?? 0)
}
