import { isSystemError } from '../call/libc.ts'
import {
  concatenate,
  type NetlinkMessage,
  type NetlinkSocket,
  nested,
  netlinkFlag,
  parseAttributes,
} from './netlink.ts'

/** `NFNL_SUBSYS_CTNETLINK << 8`, and what it is asked. */
const message = { get: 0x101, delete: 0x102 } as const
const ip4Header = Uint8Array.of(2, 0, 0, 0)
const originalTuple = 1
const protocolOfTuple = 2
const protocolField = { number: 1, destinationPort: 3 } as const
const udp = 17

/**
 * Lets the kernel forget the UDP flows that were sent to these ports, so that
 * the next datagram of each is looked at as if it were the first. Of what is no
 * connection it remembers for minutes where it went; where it is to go may have
 * changed meanwhile. `netfilter` is a netlink socket of that protocol.
 */
export function forgetUdpFlows(netfilter: NetlinkSocket, ports: readonly number[]): void {
  const wanted = new Set(ports)
  for (const { body } of listFlows(netfilter)) {
    const tuple = parseAttributes(body.subarray(ip4Header.length)).get(originalTuple)
    const port = tuple && udpPortOf(tuple)
    if (tuple === undefined || port === undefined || !wanted.has(port)) continue
    const request = concatenate([ip4Header, nested(originalTuple, tuple)])
    try {
      netfilter.send([{ type: message.delete, body: request }])
    } catch (error) {
      // It has ended by itself.
      if (!isSystemError(error, 'ENOENT')) throw error
    }
  }
}

/** None where the kernel was built without a way to ask. */
function listFlows(netfilter: NetlinkSocket): readonly NetlinkMessage[] {
  try {
    return netfilter.send([{ type: message.get, flags: netlinkFlag.dump, body: ip4Header }])
  } catch (error) {
    if (!isSystemError(error)) throw error
    return []
  }
}

/** The port that a flow was sent to, if it is one of UDP. */
function udpPortOf(tuple: Uint8Array): number | undefined {
  const protocol = parseAttributes(parseAttributes(tuple).get(protocolOfTuple) ?? new Uint8Array())
  const port = protocol.get(protocolField.destinationPort)
  if (protocol.get(protocolField.number)?.[0] !== udp || port === undefined) return undefined
  return ((port[0] ?? 0) << 8) | (port[1] ?? 0)
}
