import { StrakeError } from '#oci'
import { check, symbols } from '../call/libc.ts'

const calls = symbols({
  fcntl: { args: ['i32', 'i32', 'i64'], returns: 'i32' },
  getsockname: { args: ['i32', 'ptr', 'ptr'], returns: 'i32' },
})

/** `F_SETFD`, `FD_CLOEXEC` and `AF_UNIX`. */
const [setFlags, closeOnExec, unixFamily] = [2, 1, 1]

/** The number of the first descriptor that systemd passes. */
const first = 3

/**
 * Returns the descriptors of the Unix sockets that systemd passed to this process, and removes them
 * from the environment, so that no process of a container gets them. Throws `INVALID` if systemd
 * passed none, or a socket of another kind, which anybody could reach.
 *
 * @see https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html
 */
export function inheritedSockets(): readonly number[] {
  const { LISTEN_PID: pid, LISTEN_FDS: text = '' } = process.env
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete process.env[name]
  const count = /^[1-9]\d{0,3}$/.test(text) && pid === String(process.pid) ? Number(text) : 0
  if (count === 0) {
    throw new StrakeError('INVALID', 'Cannot listen on fd://: systemd has passed no socket', {
      remedy: 'start strake.socket, or name another address with --host',
    })
  }
  const descriptors = Array.from({ length: count }, (_, index) => first + index)
  for (const descriptor of descriptors) {
    check(calls().fcntl(descriptor, setFlags, closeOnExec), 'fcntl')
    requireUnix(descriptor)
  }
  return descriptors
}

function requireUnix(descriptor: number): void {
  const name = new Uint8Array(128)
  check(calls().getsockname(descriptor, name, new Uint32Array([name.length])), 'getsockname')
  if (new DataView(name.buffer).getUint16(0, true) === unixFamily) return
  throw new StrakeError('INVALID', 'Cannot listen on fd://: a passed socket is no Unix socket', {
    remedy: 'listen on the network with --host tcp://ADDRESS:PORT and certificates',
  })
}
