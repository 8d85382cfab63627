import { check, isSystemError, symbols } from '../call/libc.ts'
import { closeFile } from '../call/posix.ts'
import { unixAddress, unixFamily } from './unix-address.ts'

const calls = symbols({
  socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  connect: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'u32'], returns: 'i32' },
  send: { args: ['i32', 'ptr', 'u64', 'i32'], returns: 'i64' },
})

const datagramsCloseOnExec = 0o2000002
const socketLevel = 1
const sendTimeout = 21
const noSignal = 0x4000

/** Sends datagrams to one socket of this machine. */
export interface DatagramSender {
  /**
   * Sends one datagram. Waits while the queue of the receiver is full, at most as long as the
   * patience is. Throws `SystemError`: `EAGAIN` after that, `ECONNREFUSED` or `ENOENT` without a receiver.
   */
  send(bytes: Uint8Array): void
  close(): void
}

/** Returns a sender to the socket at `path`. It connects at the first datagram, and again to a new receiver. */
export function openDatagramSender(
  path: string,
  { patience }: { readonly patience: number },
): DatagramSender {
  let fd: number | undefined
  const close = (): void => {
    if (fd !== undefined) closeFile(fd)
    fd = undefined
  }
  const sendNow = (bytes: Uint8Array): void => {
    fd ??= connect(path, patience)
    check(Number(calls().send(fd, bytes, bytes.length, noSignal)), 'send', path)
  }
  return {
    send(bytes) {
      try {
        sendNow(bytes)
      } catch (error) {
        if (fd === undefined || !isSystemError(error, 'ECONNREFUSED', 'ECONNRESET', 'ENOTCONN')) {
          throw error
        }
        close()
        sendNow(bytes)
      }
    },
    close,
  }
}

function connect(path: string, patience: number): number {
  const fd = check(calls().socket(unixFamily, datagramsCloseOnExec, 0), 'socket')
  try {
    const time = new BigInt64Array([
      BigInt(Math.floor(patience / 1000)),
      BigInt((patience % 1000) * 1000),
    ])
    check(calls().setsockopt(fd, socketLevel, sendTimeout, time, time.byteLength), 'setsockopt')
    const address = unixAddress(path)
    check(calls().connect(fd, address, address.length), 'connect', path)
    return fd
  } catch (error) {
    closeFile(fd)
    throw error
  }
}
