import { closeSync, openSync, readdirSync, readlinkSync, readSync, writeFileSync } from 'node:fs'
import { check, symbols } from '#platform'
import { textOf } from './processes.ts'

// Runs a program, and kills it right before the Nth system call that changes something below a
// directory, in the program or in a process that it starts. Calls are counted over all threads and
// processes: N = 1, 2, ... until nothing is killed covers every call. N = 0 only counts.
//
//   bun kill-at-call.ts REPORT DIRECTORY N PROGRAM ARGUMENTS...
//
// REPORT gets the result as JSON. For Linux on x86-64: system calls have other numbers elsewhere.

/** The result of the run. */
export interface Killing {
  /** The number of counted calls. */
  readonly calls: number
  /** The call before which the program was killed; absent when there were fewer calls. */
  readonly killedAt?: string
  /** The exit code of the program; 137 when it was killed. */
  readonly exitCode: number
  /** Command lines of its child processes that kept running after its end. */
  readonly left: readonly string[]
}

/** Calls with a path, by number: the name and the index of the path. */
const onPaths: Readonly<Record<number, readonly [string, number]>> = {
  76: ['truncate', 0],
  82: ['rename', 1],
  83: ['mkdir', 0],
  84: ['rmdir', 0],
  85: ['creat', 0],
  86: ['link', 1],
  87: ['unlink', 0],
  88: ['symlink', 1],
  90: ['chmod', 0],
  92: ['chown', 0],
  94: ['lchown', 0],
  133: ['mknod', 0],
  165: ['mount', 1],
  166: ['umount2', 0],
  188: ['setxattr', 0],
  189: ['lsetxattr', 0],
  258: ['mkdirat', 1],
  259: ['mknodat', 1],
  260: ['fchownat', 1],
  263: ['unlinkat', 1],
  264: ['renameat', 3],
  265: ['linkat', 3],
  266: ['symlinkat', 2],
  268: ['fchmodat', 1],
  280: ['utimensat', 1],
  316: ['renameat2', 3],
  429: ['move_mount', 3],
}

/** Calls with a descriptor, and its index. A call counts when the descriptor is below the directory. */
const onDescriptors: Readonly<Record<number, readonly [string, number]>> = {
  1: ['write', 0],
  18: ['pwrite64', 0],
  20: ['writev', 0],
  40: ['sendfile', 0],
  74: ['fsync', 0],
  75: ['fdatasync', 0],
  77: ['ftruncate', 0],
  91: ['fchmod', 0],
  93: ['fchown', 0],
  190: ['fsetxattr', 0],
  275: ['splice', 2],
  285: ['fallocate', 0],
  296: ['pwritev', 0],
  306: ['syncfs', 0],
  326: ['copy_file_range', 2],
}

/** `open` and `openat` change something with `O_CREAT` or `O_TRUNC`. */
const openings: Readonly<Record<number, number>> = { 2: 0, 257: 1 }
const createOrTruncate = 0o1100n
const ioctl = 16
/** `LOOP_CONFIGURE` and `LOOP_CTL_GET_FREE`. */
const loopRequests: readonly (bigint | undefined)[] = [0x4c0an, 0x4c82n]

/** Requests of ptrace(2). */
const requests = { syscall: 24, seize: 0x4206, interrupt: 0x4207, callInfo: 0x420e }
/** Options: follow threads, processes and programs; mark stops at system calls. */
const traceOptions = 0b11111
const callStop = 5 | 0x80
const allChildren = 0x40000000
const noHang = 1
/** Milliseconds that child processes get after the end of the program. Monitors of containers stay. */
const patience = Number(process.env['KILL_PATIENCE'] ?? 10_000)

const c = symbols({
  ptrace: { args: ['i64', 'i64', 'i64', 'ptr'], returns: 'i64' },
  waitpid: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
  kill: { args: ['i32', 'i32'], returns: 'i32' },
})

/** Describes a call that changes something below `directory`; returns `undefined` for any other. */
function changeOf(thread: number, info: DataView, directory: string): string | undefined {
  const number = Number(info.getBigUint64(24, true))
  const argument = (index: number): bigint => info.getBigUint64(32 + 8 * index, true)
  const path = onPaths[number]
  if (path !== undefined) return `${path[0]} ${textAt(thread, argument(path[1]))}`
  const descriptor = onDescriptors[number]
  if (descriptor !== undefined) {
    const target = linkOf(`/proc/${thread}/fd/${argument(descriptor[1])}`)
    return target.startsWith(directory) ? `${descriptor[0]} ${target}` : undefined
  }
  const at = openings[number]
  if (at !== undefined && (argument(at + 1) & createOrTruncate) !== 0n) {
    return `open ${textAt(thread, argument(at))}`
  }
  return number === ioctl && loopRequests.includes(argument(1))
    ? 'ioctl of a loop device'
    : undefined
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** Returns the C string at an address of another process, an empty one after its end. */
function textAt(thread: number, address: bigint): string {
  const bytes = Buffer.alloc(4096)
  let memory: number | undefined
  try {
    memory = openSync(`/proc/${thread}/mem`, 'r')
    const size = readSync(memory, bytes, 0, bytes.length - Number(address & 4095n), address)
    return bytes.toString('utf8', 0, Math.max(0, bytes.subarray(0, size).indexOf(0)))
  } catch {
    return ''
  } finally {
    if (memory !== undefined) closeSync(memory)
  }
}

/** Returns the command lines of traced processes. */
function tracees(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => textOf(`/proc/${name}/status`).includes(`\nTracerPid:\t${process.pid}\n`))
    .map((name) => textOf(`/proc/${name}/cmdline`).replaceAll('\0', ' ').trim())
}

function main([report = '', directory = '', wanted = '0', ...argv]: readonly string[]): void {
  // The program waits for a line until it is traced.
  const child = Bun.spawn(['sh', '-c', 'read _ && exec "$@" </dev/null', 'sh', ...argv], {
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  const { pid } = child
  check(c().ptrace(requests.seize, pid, 0, traceOptions), 'ptrace')
  check(c().ptrace(requests.interrupt, pid, 0, null), 'ptrace')
  const status = new Int32Array(1)
  const info = new DataView(new ArrayBuffer(88))
  let calls = 0
  let killedAt: string | undefined
  let exitCode = -1
  let isStarted = false
  let end = Number.POSITIVE_INFINITY
  for (;;) {
    const thread = c().waitpid(-1, status, exitCode === -1 ? allChildren : allChildren | noHang)
    if (thread === -1 || performance.now() > end) break
    if (thread === 0) {
      Bun.sleepSync(2)
      continue
    }
    const [word = 0] = status
    const signal = (word >> 8) & 0xff
    if ((word & 0xff) !== 0x7f) {
      if (thread !== pid) continue
      exitCode = (word & 0x7f) === 0 ? signal : 128 + (word & 0x7f)
      end = performance.now() + patience
      continue
    }
    if (signal === callStop) {
      c().ptrace(requests.callInfo, thread, info.byteLength, info)
      const change = info.getUint8(0) === 1 ? changeOf(thread, info, directory) : undefined
      if (change !== undefined && ++calls === Number(wanted)) {
        killedAt = change
        c().kill(thread, 9)
      }
    }
    const isOurs = signal === callStop || word >> 16 !== 0
    c().ptrace(requests.syscall, thread, 0, isOurs ? null : signal)
    if (isStarted) continue
    isStarted = true
    child.stdin.write('\n')
    child.stdin.flush()
  }
  const left = tracees()
  const killing: Killing = { calls, exitCode, left, ...(killedAt !== undefined && { killedAt }) }
  writeFileSync(report, JSON.stringify(killing))
}

if (import.meta.main) main(process.argv.slice(2))
