import { check, cString } from '../call/libc.ts'
import { ipVersion } from './ip-version.ts'
import { networkCalls } from './network-calls.ts'

const [inet, inet6] = [2, 10]
const [stream, datagram, closeOnExec] = [1, 2, 0o2000000]
const [socketLevel, reuseAddress, ipv6Level, ipv6Only] = [1, 2, 41, 26]

/**
 * Binds a socket to a local address and port as a server would, closes it, and returns
 * the port. Throws `SystemError` EADDRINUSE when another socket has the port,
 * EADDRNOTAVAIL when the address is not one of this machine, EAFNOSUPPORT for an IPv6
 * address on a kernel without IPv6, EPROTONOSUPPORT for SCTP on a kernel without it. The kernel chooses a free port for port 0.
 */
export function probePort(protocol: 'tcp' | 'udp' | 'sctp', address: string, port: number): number {
  const calls = networkCalls()
  const isNew = ipVersion(address) === 6
  const type = (protocol === 'udp' ? datagram : stream) | closeOnExec
  const number = protocol === 'sctp' ? 132 : 0
  const fd = check(calls.socket(isNew ? inet6 : inet, type, number), 'socket')
  try {
    const set = (level: number, option: number): void => {
      check(calls.setsockopt(fd, level, option, new Uint32Array([1]), 4), 'setsockopt')
    }
    // Without this option a port counts as taken while closed connections linger. For UDP the
    // option would hide the owner of the port.
    if (protocol === 'tcp') set(socketLevel, reuseAddress)
    if (isNew) set(ipv6Level, ipv6Only)
    const name = new Uint8Array(isNew ? 28 : 16)
    const view = new DataView(name.buffer)
    view.setUint16(0, isNew ? inet6 : inet, true)
    view.setUint16(2, port)
    calls.inet_pton(isNew ? inet6 : inet, cString(address), name.subarray(isNew ? 8 : 4))
    check(calls.bind(fd, name, name.length), 'bind')
    check(calls.getsockname(fd, name, new Uint32Array([name.length])), 'getsockname')
    return view.getUint16(2)
  } finally {
    calls.close(fd)
  }
}
