import { check, ffi } from '../call/libc.ts'
import { fs } from '../call/node-fs.ts'
import { networkCalls } from '../net/network-calls.ts'

const [socketLevel, attachFilter] = [1, 51]
/** The instruction `return k` of the kernel's packet filter. */
const returnConstant = 0x06

/**
 * Sends all new connections of a port to one of the sockets that listen on it, by the order in which
 * they began. Without this the kernel spreads them over all, and those that wait at a socket when it
 * is closed are reset.
 */
export function preferListener(port: number, index: number): void {
  const [fd] = listeners(port)
  if (fd === undefined) throw new Error(`no socket listens on ${port}`)
  const instruction = new DataView(new ArrayBuffer(8))
  instruction.setUint16(0, returnConstant, true)
  instruction.setUint32(4, index, true)
  const filter = new DataView(new ArrayBuffer(16))
  filter.setUint16(0, 1, true)
  filter.setBigUint64(8, BigInt(ffi().ptr(instruction)), true)
  check(networkCalls().setsockopt(fd, socketLevel, attachFilter, filter, 16), 'setsockopt')
}

/** Returns the descriptors of this process that listen on a TCP port. */
function listeners(port: number): readonly number[] {
  const inodes = new Set(['tcp', 'tcp6'].flatMap((table) => listeningInodes(table, port)))
  return fs()
    .readdirSync('/proc/self/fd')
    .filter((fd) => inodes.has(linkOf(`/proc/self/fd/${fd}`)))
    .map(Number)
}

function listeningInodes(table: string, port: number): readonly string[] {
  const lines = fs().readFileSync(`/proc/self/net/${table}`, 'utf8').trim().split('\n').slice(1)
  return lines.flatMap((line) => {
    const [, local = '', , state, ...rest] = line.trim().split(/\s+/)
    const isListening = state === '0A' && Number.parseInt(local.split(':')[1] ?? '', 16) === port
    return isListening ? [`socket:[${rest[5]}]`] : []
  })
}

function linkOf(path: string): string {
  try {
    return fs().readlinkSync(path)
  } catch {
    return ''
  }
}
