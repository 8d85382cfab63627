import { check } from '../call/libc.ts'
import { networkCalls } from './network-calls.ts'

/**
 * Binds a socket to a local IPv4 port as a server would and closes it again:
 * throws `SystemError` EADDRINUSE when another socket has the port, and
 * EADDRNOTAVAIL when the address is not this machine's. Port 0 lets the kernel
 * choose; returned is the port that was free.
 */
export function probePort(protocol: 'tcp' | 'udp', address: Uint8Array, port: number): number {
  const AF_INET = 2
  const CLOEXEC = 0o2000000
  const fd = check(
    networkCalls().socket(AF_INET, (protocol === 'tcp' ? 1 : 2) | CLOEXEC, 0),
    'socket',
  )
  try {
    // Without it a port would count as taken while closed connections linger; for UDP it would hide a real owner.
    if (protocol === 'tcp') {
      check(networkCalls().setsockopt(fd, 1, 2, new Uint32Array([1]), 4), 'setsockopt')
    }
    const name = new Uint8Array(16)
    const view = new DataView(name.buffer)
    view.setUint16(0, AF_INET, true)
    view.setUint16(2, port)
    name.set(address, 4)
    check(networkCalls().bind(fd, name, name.length), 'bind')
    check(networkCalls().getsockname(fd, name, new Uint32Array([name.length])), 'getsockname')
    return view.getUint16(2)
  } finally {
    networkCalls().close(fd)
  }
}
