import {
  listenConsole,
  type ProcessExit,
  type ProcessIdentity,
  readPlainFile,
  removeFile,
  type StdioSlot,
  setWindowSize,
  spawnProcess,
} from '#platform'
import { runtimeCommand, runtimeEnvironment } from '#runtime'
import type { ContainerPaths } from '../model/context.ts'
import type { OutputPipes } from '../model/state.ts'
import { adopt } from '../process/child.ts'
import { type Holder, holdOpen } from '../process/keep-open.ts'
import { makePipes } from '../process/pipes.ts'
import type { StartedProcess } from '../process/started.ts'
import { terminalStreams } from '../process/terminal.ts'
import type { MonitorOrder } from '../protocol/order.ts'

/** A container between its start and its end. */
export interface RunningContainer extends StartedProcess {
  /** Absent if the process had already ended. */
  readonly identity: ProcessIdentity | undefined
  /** The pipes of its output; absent with a terminal. */
  readonly pipes?: OutputPipes | undefined
  /** Keeps the terminal or the input open if this process is killed. */
  readonly holder?: ProcessIdentity | undefined
  /** Lets the holder outlive this process. Called when its identity is on disk. */
  keepHolder?(): void
  /** Its terminal or its input was lost when its monitor was killed. */
  readonly isDeaf?: boolean | undefined
  readonly exited: Promise<ContainerExit>
}

/** How a run of a container ended. */
export interface ContainerExit extends ProcessExit {
  /** Why the code is not that of the process. */
  readonly problem?: string | undefined
}

/**
 * Runs the runtime, which starts the container and exits. The container's first process
 * then becomes a child of this process. Throws `StartError`.
 */
export async function startProcess(
  order: MonitorOrder,
  paths: ContainerPaths,
): Promise<RunningContainer> {
  return order.terminal ? await startWithTerminal(order, paths) : await startWithPipes(order, paths)
}

async function startWithTerminal(
  order: MonitorOrder,
  paths: ContainerPaths,
): Promise<RunningContainer> {
  using socket = listenConsole(`${paths.directory}/terminal.sock`)
  // The name is relative to the bundle: the whole path may be too long for a socket.
  const pid = await run(order, paths, {
    args: ['--console-socket', 'terminal.sock'],
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  const terminal = socket.receive()
  if (order.consoleSize !== undefined) setWindowSize(terminal, order.consoleSize)
  const holder = holdOpen(terminal)
  return {
    ...adopt(pid, { collectsOthers: true }),
    ...terminalStreams(terminal),
    ...heldBy(holder),
  }
}

async function startWithPipes(
  order: MonitorOrder,
  paths: ContainerPaths,
): Promise<RunningContainer> {
  const pipes = makePipes({ hasInput: order.interactive, lasts: true })
  let pid: number
  try {
    pid = await run(order, paths, { args: [], stdio: pipes.slots })
  } catch (error) {
    pipes.close()
    throw error
  }
  const { identities, input } = pipes
  // Input that ends with its sender ends when the monitor is killed too, as that of a killed command.
  const holder = input === undefined || order.stdinOnce ? undefined : holdOpen(input)
  const streams = pipes.open()
  return {
    ...adopt(pid, { collectsOthers: true }),
    ...streams,
    pipes: identities,
    ...heldBy(holder),
  }
}

function heldBy(holder: Holder | undefined): Pick<RunningContainer, 'holder' | 'keepHolder'> {
  return holder === undefined ? {} : { holder: holder.identity, keepHolder: holder.stay }
}

interface RunOptions {
  readonly args: readonly string[]
  readonly stdio: readonly StdioSlot[]
}

async function run(
  order: MonitorOrder,
  { directory, run }: ContainerPaths,
  { args, stdio }: RunOptions,
): Promise<number> {
  // The runtime writes both after the first process has started, which may fill the disk of the store.
  const [log, pidFile] = [`${run}/runtime.log`, `${run}/pid`]
  for (const file of [log, pidFile]) removeFile(file)
  const command = [
    ...runtimeCommand(order.runtime, '--log', log, '--log-format', 'json', 'run', '--detach'),
    '--bundle',
    directory,
    '--pid-file',
    pidFile,
    ...args,
    order.id,
  ]
  const child = spawnProcess(command, { stdio, env: runtimeEnvironment, cwd: directory })
  const { code } = await child.exited
  const pid = Number(readPlainFile(pidFile) ?? '')
  if (code === 0 && pid > 0) return pid
  const { readBundle } = await import('#runtime/bundle/bundle-file')
  const [program = 'the command'] = readBundle(directory).process.args
  const { startFailure } = await import('#runtime/start-failure')
  throw startFailure(readPlainFile(log) ?? '', program)
}

/**
 * Keeps the seccomp filter that crun has compiled for a container, and removes the log of crun. Loads its
 * code only for the first container with a filter.
 */
export async function keepFilter(order: MonitorOrder, paths: ContainerPaths): Promise<void> {
  if (order.runtime.name !== 'crun') return
  removeFile(`${paths.run}/runtime.log`)
  if (!order.keepsFilter) return
  const { readBundle } = await import('#runtime/bundle/bundle-file')
  const { keepCompiledFilter } = await import('#runtime/filter-cache')
  keepCompiledFilter(order.id, readBundle(paths.directory), {
    runtime: order.runtime,
    directory: `${order.root}/seccomp`,
  })
}
