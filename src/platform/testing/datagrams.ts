import { rmSync } from 'node:fs'
import { check, symbols } from '../call/libc.ts'
import { closeFile } from '../call/posix.ts'
import { unixAddress, unixFamily } from '../unix/unix-address.ts'

const calls = symbols({
  socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  bind: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  recv: { args: ['i32', 'ptr', 'u64', 'i32'], returns: 'i64' },
})

const datagramsCloseOnExec = 0o2000002
const doNotWait = 0x40

/** A receiver of datagrams, as journald is one. */
export interface DatagramReceiver {
  /** Returns the datagrams that have arrived, in order. */
  receive(): readonly Buffer[]
  close(): void
}

/** Binds a socket at `path`, in place of one that is there. */
export function listenDatagrams(path: string): DatagramReceiver {
  rmSync(path, { force: true })
  const fd = check(calls().socket(unixFamily, datagramsCloseOnExec, 0), 'socket')
  const address = unixAddress(path)
  check(calls().bind(fd, address, address.length), 'bind', path)
  const buffer = new Uint8Array(256 * 1024)
  return {
    receive() {
      const found: Buffer[] = []
      for (;;) {
        const size = Number(calls().recv(fd, buffer, buffer.length, doNotWait))
        if (size < 0) return found
        found.push(Buffer.from(buffer.slice(0, size)))
      }
    },
    close: () => closeFile(fd),
  }
}
