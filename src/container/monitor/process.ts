import { closeSync, rmSync } from 'node:fs'
import {
  type DescriptorWriter,
  identifyProcess,
  isSystemError,
  listenConsole,
  makePipe,
  ownPipeWriter,
  type ProcessExit,
  type ProcessIdentity,
  readInput,
  readPipe,
  readPlainFile,
  reapChild,
  reapOrphans,
  type StdioSlot,
  setWindowSize,
  sharedWriter,
  spawnProcess,
  type WindowSize,
} from '#platform'
import { readBundle, runtimeCommand, runtimeEnvironment, startFailure } from '#runtime'
import type { OutputStream } from '../protocol/frames.ts'
import type { MonitorOrder } from '../protocol/order.ts'

/** A container between its start and its end. */
export interface RunningContainer {
  /** Absent when it had already ended. */
  readonly identity: ProcessIdentity | undefined
  readonly outputs: readonly {
    readonly stream: OutputStream
    readonly bytes: AsyncIterable<Uint8Array>
  }[]
  readonly exited: Promise<ProcessExit>
  /** What it reads; absent when it reads nothing. A terminal has no end of input but the key for it. */
  readonly input: DescriptorWriter | undefined
  resize(size: WindowSize): void
  signal(signal: NodeJS.Signals): void
}

/**
 * Has the runtime start the container and leave, so that its first process
 * becomes our child. Throws `StartError`.
 */
export async function startProcess(
  order: MonitorOrder,
  directory: string,
): Promise<RunningContainer> {
  return order.terminal
    ? await startWithTerminal(order, directory)
    : await startWithPipes(order, directory)
}

async function startWithTerminal(
  order: MonitorOrder,
  directory: string,
): Promise<RunningContainer> {
  using socket = listenConsole(`${directory}/terminal.sock`)
  // Named relative to the bundle: the whole path may be too long for a socket.
  const pid = await run(order, {
    directory,
    args: ['--console-socket', 'terminal.sock'],
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  const terminal = socket.receive()
  const writer = sharedWriter(terminal)
  let open = true
  const bytes = (async function* () {
    try {
      yield* readInput(terminal)
    } finally {
      open = false
      // A write that still waits has its answer by now: no process has the terminal open.
      void writer.end().then(() => closeSync(terminal))
    }
  })()
  if (order.consoleSize !== undefined) setWindowSize(terminal, order.consoleSize)
  return {
    ...processOf(pid),
    outputs: [{ stream: 'stdout', bytes }],
    input: {
      write: async (data) => {
        if (open) await writer.write(data)
      },
      end: async () => {},
    },
    resize(size) {
      if (open) setWindowSize(terminal, size)
    },
  }
}

/**
 * The container gets pipes of ours and never a file of the host: whoever holds
 * one can open it again for writing, and from a directory get to all the others.
 */
async function startWithPipes(order: MonitorOrder, directory: string): Promise<RunningContainer> {
  const [stdout, stderr] = [makePipe(), makePipe()]
  const input = order.interactive ? makePipe() : undefined
  const stdio = [input?.read ?? 'ignore', stdout.write, stderr.write] as const
  let pid: number
  try {
    pid = await run(order, { directory, args: [], stdio })
  } catch (error) {
    for (const fd of [stdout.read, stderr.read, input?.write]) if (fd !== undefined) closeSync(fd)
    throw error
  } finally {
    for (const fd of [stdout.write, stderr.write, input?.read]) if (fd !== undefined) closeSync(fd)
  }
  return {
    ...processOf(pid),
    outputs: [
      { stream: 'stdout', bytes: readPipe(stdout.read) },
      { stream: 'stderr', bytes: readPipe(stderr.read) },
    ],
    input: input === undefined ? undefined : ownPipeWriter(input.write),
    resize() {},
  }
}

interface RunOptions {
  readonly directory: string
  readonly args: readonly string[]
  readonly stdio: readonly StdioSlot[]
}

async function run(order: MonitorOrder, { directory, args, stdio }: RunOptions): Promise<number> {
  const [log, pidFile] = [`${directory}/runtime.log`, `${directory}/pid`]
  for (const file of [log, pidFile]) rmSync(file, { force: true })
  const command = [
    ...runtimeCommand(order.runtime, '--log', log, '--log-format', 'json', 'run', '--detach'),
    ...['--bundle', directory, '--pid-file', pidFile, ...args, order.id],
  ]
  const child = spawnProcess(command, { stdio, env: runtimeEnvironment, cwd: directory })
  const { code } = await child.exited
  const pid = Number(readPlainFile(pidFile) ?? '')
  if (code === 0 && pid > 0) return pid
  const [program = 'the command'] = readBundle(directory).process.args
  throw startFailure(readPlainFile(log) ?? '', program)
}

function processOf(pid: number): Pick<RunningContainer, 'identity' | 'exited' | 'signal'> {
  let ended = false
  const exited = waitForChild(pid).finally(() => {
    ended = true
  })
  return {
    identity: identifyProcess(pid),
    exited,
    signal(signal) {
      // Until we reap it, the number belongs to nobody else.
      if (ended) return
      try {
        process.kill(pid, signal)
      } catch (error) {
        if (!isSystemError(error, 'ESRCH')) throw error
      }
    },
  }
}

/** How often to look without having been told, should a signal get lost. */
const lookAnyway = 1000
/** crun reports before the process is ours: its own intermediary may still be its parent. */
const handOver = 2
const longestHandOver = 2000

function waitForChild(pid: number): Promise<ProcessExit> {
  const { promise, resolve, reject } = Promise.withResolvers<ProcessExit>()
  const deadline = Date.now() + longestHandOver
  const look = (): void => {
    try {
      const exit = reapChild(pid)
      reapOrphans([pid])
      if (exit !== undefined) settle(() => resolve(exit))
    } catch (error) {
      if (isSystemError(error, 'ECHILD') && Date.now() < deadline) setTimeout(look, handOver)
      else settle(() => reject(error))
    }
  }
  const timer = setInterval(look, lookAnyway)
  const settle = (finish: () => void): void => {
    clearInterval(timer)
    process.off('SIGCHLD', look)
    finish()
  }
  process.on('SIGCHLD', look)
  look()
  return promise
}
