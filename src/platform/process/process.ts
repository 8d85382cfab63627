import { closeSync, readdirSync, readFileSync } from 'node:fs'
import { StrakeError } from '#oci'
import { check, symbols } from '../call/libc.ts'

/** What a child's descriptor is connected to; a number is an open descriptor of ours. */
export type StdioSlot = 'ignore' | 'inherit' | 'pipe' | number

export interface SpawnOptions {
  /** Descriptors 0, 1, 2, 3… of the child; it gets no others. Default: three times `ignore`. */
  readonly stdio?: readonly StdioSlot[]
  /** The whole environment: nothing of ours is added. Default: empty. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Signals of our terminal do not reach the child: it leads a session of its own. */
  readonly ownSession?: boolean | undefined
}

/** How a process ended: by `exit` (then `signal` is absent) or by a signal (then `code` is 128 + n). */
export interface ProcessExit {
  readonly code: number
  readonly signal?: number
}

/** The writable end of a child's standard input. */
export interface ChildInput {
  /** Resolves once the bytes are accepted; a reader that is gone ends it quietly. */
  write(bytes: Uint8Array): Promise<void>
  end(): Promise<void>
}

export interface ChildProcess {
  readonly pid: number
  /** Present when slot 0 is `pipe`. */
  readonly stdin: ChildInput | undefined
  /** Present when slot 1 is `pipe`; must then be read. */
  readonly stdout: AsyncIterable<Uint8Array> | undefined
  /** Present when slot 2 is `pipe`; must then be read. */
  readonly stderr: AsyncIterable<Uint8Array> | undefined
  readonly exited: Promise<ProcessExit>
  kill(signal: NodeJS.Signals | number): void
  /** Lets this program end while the child goes on. */
  unref(): void
}

/** What others may not do with what a child makes, whatever the umask of the caller. */
const usualMask = 0o022

/**
 * Starts a program with exactly the descriptors, the environment and the
 * directory given. Throws `NOT_FOUND` when there is no such program.
 */
export function spawnProcess(argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const duplicates: number[] = []
  // The child's own 0 to 2 are set first, so ours must be out of their way.
  const slots = (options.stdio ?? []).map((slot, index) => {
    if (typeof slot !== 'number' || slot > 2 || slot === index) return slot
    const duplicate = duplicateDescriptor(slot)
    duplicates.push(duplicate)
    return duplicate
  })
  const [stdin, stdout, stderr, ...others] = slots
  let child: Bun.Subprocess
  const umask = process.umask(usualMask)
  try {
    child = Bun.spawn([...argv], {
      stdio: [stdin ?? 'ignore', stdout ?? 'ignore', stderr ?? 'ignore', ...others],
      env: { ...options.env },
      detached: options.ownSession === true,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    })
  } catch (cause) {
    throw new StrakeError('NOT_FOUND', `Cannot start ${argv[0]}: no such program`, { cause })
  } finally {
    process.umask(umask)
    for (const fd of duplicates) closeSync(fd)
  }
  return {
    pid: child.pid,
    stdin: typeof child.stdin === 'object' ? childInput(child.stdin) : undefined,
    stdout: typeof child.stdout === 'object' ? child.stdout : undefined,
    stderr: typeof child.stderr === 'object' ? child.stderr : undefined,
    exited: child.exited.then((code) => exitOf(code, child.signalCode)),
    kill: (signal) => child.kill(signal),
    unref: () => child.unref(),
  }
}

function childInput(sink: Bun.FileSink): ChildInput {
  return {
    async write(bytes) {
      try {
        sink.write(bytes)
        await sink.flush()
      } catch {
        // The reader is gone: what it did not want is lost, as with any pipe.
      }
    },
    async end() {
      try {
        await sink.end()
      } catch {
        // Already closed by the other side.
      }
    },
  }
}

function exitOf(code: number, signal: NodeJS.Signals | number | null): ProcessExit {
  if (signal === null) return { code }
  return { code, signal: code - 128 }
}

/** What a finished program wrote and how it ended. */
export interface CommandResult extends ProcessExit {
  readonly stdout: string
  readonly stderr: string
}

export interface RunCommandOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Written to the program's standard input. */
  readonly input?: string
  /** The program is killed when this fires. */
  readonly signal?: AbortSignal | undefined
}

/** Output kept of a command; what comes after is read and dropped. */
const outputLimit = 1024 * 1024

/** Runs a short program to its end and captures what it prints (1 MiB of each stream at most). */
export async function runCommand(
  argv: readonly string[],
  options: RunCommandOptions = {},
): Promise<CommandResult> {
  options.signal?.throwIfAborted()
  const child = spawnProcess(argv, {
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: options.env ?? programEnvironment,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  const stop = (): void => child.kill('SIGKILL')
  options.signal?.addEventListener('abort', stop, { once: true })
  try {
    if (options.input !== undefined) {
      await child.stdin?.write(new TextEncoder().encode(options.input))
      await child.stdin?.end()
    }
    const [stdout, stderr, exit] = await Promise.all([
      readText(child.stdout),
      readText(child.stderr),
      child.exited,
    ])
    options.signal?.throwIfAborted()
    return { ...exit, stdout, stderr }
  } finally {
    options.signal?.removeEventListener('abort', stop)
  }
}

async function readText(bytes: AsyncIterable<Uint8Array> | undefined): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of bytes ?? []) {
    if (text.length < outputLimit) text += decoder.decode(chunk, { stream: true })
  }
  return text
}

/** The environment of the programs we run ourselves: a fixed search path and nothing of the user's. */
export const programEnvironment: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
}

/**
 * The start of a command line that runs this very program again: the compiled
 * executable alone, or Bun with the entry file when running from source.
 */
export function selfCommand(): readonly [string, ...string[]] {
  // Inside a compiled executable modules live in a file system of its own.
  if (import.meta.url.includes('/$bunfs/')) return [process.execPath]
  const { pathname } = new URL('../../cli/main.ts', import.meta.url)
  return [process.execPath, decodeURIComponent(pathname)]
}

const calls = symbols({
  fcntl: { args: ['i32', 'i32', 'i64'], returns: 'i32' },
  setsid: { args: [], returns: 'i32' },
  prctl: { args: ['i32', 'u64', 'u64', 'u64', 'u64'], returns: 'i32' },
  waitpid: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
})

/** Leaves the terminal and its signals behind: the process leads a session of its own. */
export function newSession(): void {
  check(calls().setsid(), 'setsid')
}

const setChildSubreaper = 36

/** From now on orphaned descendants become children of this process, which must reap them. */
export function becomeSubreaper(): void {
  check(calls().prctl(setChildSubreaper, 1, 0, 0, 0), 'prctl')
}

const noHang = 1

/**
 * Collects a child that has ended; `undefined` while it runs. For children
 * that no `spawnProcess` of ours started: an orphan that came to a subreaper.
 */
export function reapChild(pid: number): ProcessExit | undefined {
  const status = new Int32Array(1)
  const reaped = check(calls().waitpid(pid, status, noHang), 'waitpid', String(pid))
  if (reaped === 0) return undefined
  const word = status[0] ?? 0
  const signal = word & 0x7f
  return signal === 0 ? { code: (word >> 8) & 0xff } : { code: 128 + signal, signal }
}

/**
 * Collects orphans that came to us as a subreaper and have ended. Children of
 * `spawnProcess` are in our own session and are left to it; an orphan that is
 * not has been detached by whoever made it. `keep` are pids not to touch.
 */
export function reapOrphans(keep: readonly number[]): void {
  const own = sessionOf(process.pid)
  for (const pid of childrenOf()) {
    const session = sessionOf(pid)
    if (keep.includes(pid) || session === undefined || session === own) continue
    reapChild(pid)
  }
}

function childrenOf(): readonly number[] {
  try {
    return readdirSync('/proc/self/task')
      .flatMap((thread) => readFileSync(`/proc/self/task/${thread}/children`, 'latin1').split(' '))
      .filter((text) => text !== '')
      .map(Number)
  } catch {
    // The kernel does not list children, or a thread has just ended: there is a next time.
    return []
  }
}

function sessionOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]
  } catch {
    return undefined
  }
}

const duplicateCloseOnExec = 1030
const firstDuplicate = 10

function duplicateDescriptor(fd: number): number {
  return check(calls().fcntl(fd, duplicateCloseOnExec, firstDuplicate), 'fcntl')
}
