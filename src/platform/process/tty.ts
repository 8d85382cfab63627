import { StrakeError } from '#oci'
import { check, cString, errno, ffi, symbols } from '../call/libc.ts'
import { dirname, fs } from '../call/node-fs.ts'
import { unixAddress, unixFamily } from '../unix/unix-address.ts'

const calls = symbols({
  tcgetattr: { args: ['i32', 'ptr'], returns: 'i32' },
  tcsetattr: { args: ['i32', 'i32', 'ptr'], returns: 'i32' },
  cfmakeraw: { args: ['ptr'], returns: 'void' },
  socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  bind: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  listen: { args: ['i32', 'i32'], returns: 'i32' },
  accept4: { args: ['i32', 'ptr', 'ptr', 'i32'], returns: 'i32' },
  recvmsg: { args: ['i32', 'ptr', 'i32'], returns: 'i64' },
  close: { args: ['i32'], returns: 'i32' },
  open: { args: ['ptr', 'i32', 'u32'], returns: 'i32' },
})

/**
 * Puts a terminal into raw mode: keys and output pass unchanged. Returns a function
 * that restores the terminal. Node's `setRawMode` would still translate line ends of
 * the output.
 */
export function makeRaw(fd: number): () => void {
  // struct termios is 60 bytes with glibc.
  const saved = new Uint8Array(64)
  check(calls().tcgetattr(fd, saved), 'tcgetattr')
  const raw = saved.slice()
  calls().cfmakeraw(raw)
  check(calls().tcsetattr(fd, 0, raw), 'tcsetattr')
  return () => {
    calls().tcsetattr(fd, 0, saved)
  }
}

const streamSocket = 1
const closeOnExec = 0o2000000
const nonBlocking = 0o4000
const pathOnly = 0o10000000
const directoryOnly = 0o200000

/** A socket on which an OCI runtime delivers the terminal of a container. */
export interface ConsoleSocket extends Disposable {
  /**
   * Returns the master descriptor of the terminal, which the caller then owns. Called
   * after the runtime has started the container. Throws `UNAVAILABLE` if the runtime
   * delivered no terminal.
   */
  receive(): number
}

/**
 * Listens at `path`, whose directory only this program may use. Leaving the scope removes the
 * socket.
 */
export function listenConsole(path: string): ConsoleSocket {
  const socket = check(
    calls().socket(unixFamily, streamSocket | closeOnExec | nonBlocking, 0),
    'socket',
  )
  try {
    bindUnix(socket, path)
    check(calls().listen(socket, 1), 'listen', path)
  } catch (error) {
    calls().close(socket)
    throw error
  }
  return {
    receive: () => receiveTerminal(socket),
    [Symbol.dispose]() {
      calls().close(socket)
      fs().rmSync(path, { force: true })
    },
  }
}

/** The address of a socket holds at most 107 bytes, so the directory is named by a descriptor. */
function bindUnix(socket: number, path: string): void {
  const directory = check(
    calls().open(cString(dirname(path)), pathOnly | directoryOnly | closeOnExec, 0),
    'open',
    dirname(path),
  )
  try {
    const name = path.slice(dirname(path).length + 1)
    const address = unixAddress(`/proc/self/fd/${directory}/${name}`)
    check(calls().bind(socket, address, address.length), 'bind', path)
  } finally {
    calls().close(directory)
  }
}

function receiveTerminal(listener: number): number {
  const connection = calls().accept4(listener, null, null, closeOnExec | nonBlocking)
  if (connection < 0) {
    throw new StrakeError(
      'UNAVAILABLE',
      `Cannot open the container's terminal: the runtime delivered none (errno ${errno()})`,
    )
  }
  try {
    return receiveDescriptor(connection)
  } finally {
    calls().close(connection)
  }
}

const receiveCloseOnExec = 0x40000000

/** Receives one descriptor over a unix socket (SCM_RIGHTS) and ignores the text sent with it. */
function receiveDescriptor(connection: number): number {
  const { ptr } = ffi()
  const text = new Uint8Array(4096)
  const control = new Uint8Array(64)
  const vector = new BigUint64Array([BigInt(ptr(text)), BigInt(text.length)])
  const header = new BigUint64Array([
    0n,
    0n,
    BigInt(ptr(vector)),
    1n,
    BigInt(ptr(control)),
    BigInt(control.length),
    0n,
  ])
  check(Number(calls().recvmsg(connection, header, receiveCloseOnExec)), 'recvmsg')
  // cmsghdr: length (8 bytes), level, type, then the descriptor.
  const message = new DataView(control.buffer)
  const [level, type] = [message.getInt32(8, true), message.getInt32(12, true)]
  if (level !== 1 || type !== 1) {
    throw new StrakeError(
      'UNAVAILABLE',
      "Cannot open the container's terminal: the runtime sent no descriptor",
    )
  }
  return message.getInt32(16, true)
}
