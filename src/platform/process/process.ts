import { StrakeError } from '#oci'
import { check, isSystemError, symbols } from '../call/libc.ts'
import { closeFile, readSmallFile } from '../call/posix.ts'
import { closeDescriptor, listDirectory, openRoot } from '../file/root-entries.ts'
import { identifyProcess } from './identity.ts'
import { isExecutable } from './javascript-engine.ts'
import { withTurns } from './with-turns.ts'

/** How a descriptor of a child is connected. A number is an open descriptor of this process. */
export type StdioSlot = 'ignore' | 'inherit' | 'pipe' | number

export interface SpawnOptions {
  /**
   * Descriptors 0, 1, 2, 3… of the child, which inherits no others. Default: three times `ignore`.
   */
  readonly stdio?: readonly StdioSlot[]
  /** The whole environment: the environment of this process is not added. Default: empty. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string | undefined
  /** The child leads its own session, so that signals of the terminal do not reach it. */
  readonly ownSession?: boolean | undefined
}

/** How a process ended. `signal` is absent after an exit. After signal n, `code` is 128 + n. */
export interface ProcessExit {
  readonly code: number
  readonly signal?: number
}

/** The writable end of a child's standard input. */
export interface ChildInput {
  /** Resolves when the kernel has accepted the bytes, or when the child no longer reads. */
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
  /** Allows this program to end while the child runs. */
  unref(): void
}

/** The children that Bun has started and not reaped yet. */
const ownChildren = new Set<number>()

/** The umask of every child, whatever the umask of the caller. */
const usualMask = 0o022

/**
 * Starts a program with exactly the given descriptors, environment and directory. Throws
 * `NOT_FOUND` when there is no such program.
 */
export function spawnProcess(argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const duplicates: number[] = []
  // Descriptors 0 to 2 of the child are set first, so those of this process are duplicated
  // to higher numbers.
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
    for (const fd of duplicates) closeFile(fd)
  }
  ownChildren.add(child.pid)
  void child.exited.finally(() => ownChildren.delete(child.pid))
  return {
    pid: child.pid,
    stdin: typeof child.stdin === 'object' ? childInput(child.stdin) : undefined,
    stdout: typeof child.stdout === 'object' ? withTurns(child.stdout) : undefined,
    stderr: typeof child.stderr === 'object' ? withTurns(child.stderr) : undefined,
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
        // The child no longer reads: the bytes are lost, as with any pipe.
      }
    },
    async end() {
      try {
        await sink.end()
      } catch {
        // The child has closed its end.
      }
    },
  }
}

function exitOf(code: number, signal: NodeJS.Signals | number | null): ProcessExit {
  if (signal === null) return { code }
  return { code, signal: code - 128 }
}

/** The output of a finished program and how it ended. */
export interface CommandResult extends ProcessExit {
  readonly stdout: string
  readonly stderr: string
}

export interface RunCommandOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Written to the program's standard input. */
  readonly input?: string
  /** Kills the program when it is aborted. */
  readonly signal?: AbortSignal | undefined
}

/** The most bytes stored of each stream. Later bytes are read and dropped. */
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
    cwd: options.cwd,
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

/** The environment of helper programs: a fixed search path and no variable of the user. */
export const programEnvironment: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
}

/**
 * Returns the beginning of a command line that runs this program again: the compiled
 * executable alone, or Bun with the entry file when the program runs from source.
 */
export function selfCommand(): readonly [string, ...string[]] {
  if (isExecutable) return [process.execPath]
  const { pathname } = new URL('../../cli/main.ts', import.meta.url)
  return [process.execPath, decodeURIComponent(pathname)]
}

const calls = symbols({
  fcntl: { args: ['i32', 'i32', 'i64'], returns: 'i32' },
  setsid: { args: [], returns: 'i32' },
  prctl: { args: ['i32', 'u64', 'u64', 'u64', 'u64'], returns: 'i32' },
  waitpid: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
})

/** Makes this process the leader of a new session, without a terminal and its signals. */
export function newSession(): void {
  check(calls().setsid(), 'setsid')
}

const setChildSubreaper = 36

/** Makes orphaned descendants children of this process, which then must reap them. */
export function becomeSubreaper(): void {
  check(calls().prctl(setChildSubreaper, 1, 0, 0, 0), 'prctl')
}

const noHang = 1

/**
 * Reaps a child that has ended. Returns `undefined` while it runs. Called only for
 * orphans of a subreaper: `spawnProcess` reaps its children itself.
 */
export function reapChild(pid: number): ProcessExit | undefined {
  const status = new Int32Array(1)
  const reaped = check(calls().waitpid(pid, status, noHang), 'waitpid', String(pid))
  if (reaped === 0) return undefined
  return exitOfStatus(status[0] ?? 0)
}

/** Reads a status as `wait(2)` returns it. */
export function exitOfStatus(word: number): ProcessExit {
  const signal = word & 0x7f
  return signal === 0 ? { code: (word >> 8) & 0xff } : { code: 128 + signal, signal }
}

/**
 * Reaps orphans of this subreaper that have ended, except the pids in `keep`. An orphan of any
 * session counts: the first process of a container cannot end before the orphans of its pid
 * namespace are reaped. Children of `spawnProcess` are reaped by Bun, not here.
 */
export function reapOrphans(keep: readonly number[]): void {
  for (const pid of childrenOf()) {
    if (!keep.includes(pid) && !ownChildren.has(pid)) reapIfChild(pid)
  }
}

/** The pids of orphans that have ended and that nobody has reaped. */
export function endedOrphans(): readonly number[] {
  return childrenOf().filter((pid) => !ownChildren.has(pid) && identifyProcess(pid) === undefined)
}

/** A child in the list may have been reaped since. */
function reapIfChild(pid: number): void {
  try {
    reapChild(pid)
  } catch (error) {
    if (!isSystemError(error, 'ECHILD')) throw error
  }
}

function childrenOf(): readonly number[] {
  try {
    return threads()
      .flatMap((thread) => (readSmallFile(`${tasks}/${thread}/children`) ?? '').split(' '))
      .filter((text) => text !== '')
      .map(Number)
  } catch {
    // The kernel does not list children, or a thread has just ended. The next call looks again.
    return []
  }
}

const tasks = '/proc/self/task'

function threads(): readonly string[] {
  const fd = openRoot(tasks)
  try {
    return listDirectory(fd).map(({ name }) => Buffer.from(name).toString())
  } finally {
    closeDescriptor(fd)
  }
}

const duplicateCloseOnExec = 1030
const firstDuplicate = 10

function duplicateDescriptor(fd: number): number {
  return check(calls().fcntl(fd, duplicateCloseOnExec, firstDuplicate), 'fcntl')
}
