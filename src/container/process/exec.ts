import {
  becomeSubreaper,
  type ChildProcess,
  killTree,
  listenConsole,
  readPlainFile,
  type StdioSlot,
  setWindowSize,
  spawnProcess,
  type WindowSize,
} from '#platform'
import { type Runtime, runtimeCommand, runtimeEnvironment, StartError } from '#runtime'
import { adopt, type Orphan } from './child.ts'
import { makePipes } from './pipes.ts'
import type { StartedProcess } from './started.ts'
import { terminalStreams } from './terminal.ts'

/** A request to start another process in a running container. */
export interface ExecRequest {
  readonly runtime: Runtime
  readonly id: string
  /** Describes the process in messages. */
  readonly what: string
  /** The program, for messages. */
  readonly program: string
  /** A directory that only this process uses. It holds `process.json`. */
  readonly directory: string
  readonly terminal: boolean
  readonly consoleSize?: WindowSize | undefined
  readonly hasInput: boolean
  /** Ends a runtime that has not started the process yet. A started process keeps running. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Starts a process and makes it a child of this process. The runtime does not stay
 * with the process: runc would wait for every process that holds the output, and
 * crun does not pass the size of a terminal on. Throws `StartError`.
 */
export async function startExec(request: ExecRequest): Promise<StartedProcess> {
  becomeSubreaper()
  return request.terminal ? await startWithTerminal(request) : await startWithPipes(request)
}

/** Starts a process in the background. Throws `StartError`. */
export async function startDetached(request: ExecRequest): Promise<void> {
  if (request.terminal) (await startWithTerminal(request)).leave()
  else await start(request, { args: [], stdio: ['ignore', 'ignore', 'ignore'] })
}

async function startWithPipes(request: ExecRequest): Promise<StartedProcess> {
  const pipes = makePipes(request)
  let process: Orphan
  try {
    process = adoptOne(await start(request, { args: [], stdio: pipes.slots }))
  } catch (error) {
    pipes.close()
    throw error
  }
  return { ...process, ...pipes.open() }
}

async function startWithTerminal(request: ExecRequest): Promise<StartedProcess> {
  using socket = listenConsole(`${request.directory}/terminal.sock`)
  const pid = await start(request, {
    // The name is relative to the directory: the whole path may be too long for a socket.
    args: ['--console-socket', 'terminal.sock'],
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  const terminal = socket.receive()
  if (request.consoleSize !== undefined) setWindowSize(terminal, request.consoleSize)
  return { ...adoptOne(pid), ...terminalStreams(terminal) }
}

function adoptOne(pid: number): Orphan {
  return adopt(pid, { collectsOthers: false })
}

interface Start {
  readonly args: readonly string[]
  readonly stdio: readonly StdioSlot[]
}

async function start(request: ExecRequest, options: Start): Promise<number> {
  const { directory, signal, program, what } = request
  const child = spawnRuntime(request, options)
  const orphans: number[] = []
  const abandon = (): void => void orphans.push(...killTree(child.pid))
  signal?.addEventListener('abort', abandon, { once: true })
  const { code } = await child.exited
  signal?.removeEventListener('abort', abandon)
  const pid = Number(readText(`${directory}/pid`))
  if (signal?.aborted) {
    // The killed helpers of the runtime, and a process that runs already, are children of this one.
    if (pid > 0) orphans.push(pid)
    for (const orphan of orphans) adoptOne(orphan).exited.catch(() => {})
    throw signal.reason
  }
  if (code === 0 && pid > 0) return pid
  const { startFailure } = await import('#runtime/start-failure')
  const { message, exitCode } = startFailure(readText(`${directory}/log`), program)
  throw StartError.from(exitCode, message, what)
}

function spawnRuntime(
  { runtime, id, directory }: ExecRequest,
  { args, stdio }: Start,
): ChildProcess {
  const command = [
    ...runtimeCommand(runtime, '--log', `${directory}/log`, '--log-format', 'json', 'exec'),
    '--process',
    `${directory}/process.json`,
    '--pid-file',
    `${directory}/pid`,
    '--detach',
    ...args,
    id,
  ]
  // A new session, because otherwise a signal of the terminal would reach the process twice.
  return spawnProcess(command, {
    stdio,
    env: runtimeEnvironment,
    cwd: directory,
    ownSession: true,
  })
}

function readText(path: string): string {
  return readPlainFile(path) ?? ''
}
