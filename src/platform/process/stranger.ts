import { check, isSystemError, symbols } from '../call/libc.ts'
import { sleep } from '../call/node-fs.ts'
import { closeFile } from '../call/posix.ts'
import { isAlive, type ProcessIdentity, unreapedStatus } from './identity.ts'
import { exitOfStatus, type ProcessExit } from './process.ts'

const calls = symbols({
  pidfdOpen: { syscall: 434, args: ['i32', 'u32'], returns: 'i64' },
  pidfdGetfd: { syscall: 438, args: ['i32', 'i32', 'u32'], returns: 'i64' },
  ioctl: { args: ['i32', 'u64', 'ptr'], returns: 'i32' },
})

/** Milliseconds between two looks at the process. */
const pollInterval = 100
/** Milliseconds in which the parent of an ended process reaps it. The kernel tells the status after that. */
const longestReaping = 2000

/**
 * Waits for the end of a process that is not a child of this one. Resolves to `undefined` when
 * it had already ended, or when the kernel does not tell the status: it does since Linux 6.15, and
 * before that only until the parent has reaped the process.
 */
export async function awaitStranger(identity: ProcessIdentity): Promise<ProcessExit | undefined> {
  const fd = openProcess(identity.pid)
  if (fd === undefined) return undefined
  try {
    // Checked after the open: until then the number may have become that of another process.
    if (!isAlive(identity)) return undefined
    while (isAlive(identity)) await sleep(pollInterval)
    const deadline = performance.now() + longestReaping
    for (;;) {
      const exit = readExit(fd) ?? readUnreaped(identity)
      if (exit !== undefined || performance.now() > deadline) return exit
      await sleep(10)
    }
  } finally {
    closeFile(fd)
  }
}

/**
 * Returns a duplicate of descriptor `number` of another process. Returns `undefined` when the process
 * has ended or has no such descriptor, and when the kernel does not allow it: it does since Linux 5.6.
 */
export function takeDescriptor(identity: ProcessIdentity, number: number): number | undefined {
  let process: number | undefined
  try {
    process = openProcess(identity.pid)
    // Checked after the open, as above.
    if (process === undefined || !isAlive(identity)) return undefined
    return check(Number(calls().pidfdGetfd(process, number, 0)), 'pidfd_getfd')
  } catch (error) {
    if (isSystemError(error)) return undefined
    throw error
  } finally {
    if (process !== undefined) closeFile(process)
  }
}

/**
 * Opens a descriptor of a process, which the caller closes. Returns `undefined` when the process has
 * ended, and on a kernel without such descriptors: Linux has them since 5.3.
 */
export function openProcess(pid: number): number | undefined {
  try {
    return check(Number(calls().pidfdOpen(pid, 0)), 'pidfd_open', String(pid))
  } catch (error) {
    if (isSystemError(error, 'ESRCH', 'ENOSYS')) return undefined
    throw error
  }
}

function readUnreaped(identity: ProcessIdentity): ProcessExit | undefined {
  const status = unreapedStatus(identity)
  return status === undefined ? undefined : exitOfStatus(status)
}

/** `_IOWR(0xff, 11, struct pidfd_info)`, with the first 64 bytes of the structure. */
const getInfo = 0xc040ff0b
const hasExit = 1n << 3n

/** Returns the status of a reaped process; `undefined` before that, and on a kernel that does not tell it. */
function readExit(fd: number): ProcessExit | undefined {
  const info = new DataView(new ArrayBuffer(64))
  info.setBigUint64(0, hasExit, true)
  if (calls().ioctl(fd, getInfo, info) !== 0) return undefined
  if ((info.getBigUint64(0, true) & hasExit) === 0n) return undefined
  return exitOfStatus(info.getInt32(60, true))
}
