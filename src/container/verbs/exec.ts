import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { isStrakeError, StrakeError } from '#oci'
import { type ChildProcess, isTerminal, killTree, readPlainFile, spawnProcess } from '#platform'

import {
  type ContainerView,
  checkUserTables,
  encodeConfig,
  type ProcessConfig,
  processConfig,
  readBundle,
  resolveUser,
  resolveWorkingDirectory,
  runtimeCommand,
  runtimeEnvironment,
  StartError,
  startFailure,
} from '#runtime'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import { type Container, getContainer } from '../model/record.ts'
import { viewOfRunning } from '../model/running-view.ts'
import { mergeEnv } from '../model/settings.ts'
import { DescriptorStreams } from '../session/descriptor-streams.ts'
import { connectExec } from '../session/exec-stdio.ts'

export interface ExecOptions {
  readonly command: readonly string[]
  readonly tty?: boolean
  /** Pass our standard input on (`-i`). */
  readonly interactive?: boolean
  /** Return once it runs. */
  readonly detach?: boolean
  /** `NAME=value`, beside the container's own. */
  readonly env?: readonly string[]
  readonly user?: string | undefined
  readonly workingDir?: string
  /** All capabilities. The container's seccomp filter stays. */
  readonly privileged?: boolean
  readonly streams?: DescriptorStreams
}

/**
 * Runs another process in a running container, with the capabilities and the
 * filter the container has, and gives its exit code (0 with `detach`). Throws
 * `StartError` when there is no such command, `CONFLICT` when the container
 * does not run, `NOT_FOUND`.
 */
export async function execInContainer(
  context: ContainerContext,
  nameOrId: string,
  options: ExecOptions,
): Promise<number> {
  const container = getContainer(context, nameOrId)
  if (container.state.status !== 'running') {
    const { name, state } = container
    throw new StrakeError('CONFLICT', `Cannot exec in container ${name}: it is ${state.status}`, {
      remedy: state.status === 'paused' ? 'unpause it first' : 'start it first',
    })
  }
  const { run, directory } = containerPaths(context, container.id)
  const own = mkdtempSync(`${run}/exec-`)
  try {
    using files = viewOfRunning(container)
    const what = `a process in container ${container.name}`
    const process = execProcess(container, readBundle(directory).process, {
      ...options,
      ...{ files, what },
    })
    writeFileSync(`${own}/process.json`, encodeConfig(process), { mode: 0o600 })
    return await runExec(context, container, { options, own })
  } finally {
    rmSync(own, { recursive: true, force: true })
  }
}

interface Prepared {
  readonly files: ContainerView
  /** For messages. */
  readonly what: string
}

function execProcess(
  { settings }: Container,
  base: ProcessConfig,
  options: ExecOptions & Prepared,
): ProcessConfig {
  const { files, user: wanted, workingDir, env = [], privileged } = options
  checkUserTables(files)
  const { groupAdd } = settings
  const user = wanted === undefined ? undefined : resolveUser(files, wanted, { groupAdd })
  const home = user === undefined ? [] : [`HOME=${user.home}`]
  const size = options.tty ? (options.streams ?? new DescriptorStreams()).size : undefined
  const { terminal, consoleSize, ...inherited } = base
  return {
    ...inherited,
    ...processConfig({
      args: options.command,
      env: mergeEnv(base.env, home, options.tty ? ['TERM=xterm'] : [], env),
      cwd: workingDirectory(options, workingDir ?? base.cwd),
      user: user ?? { ...base.user, additionalGids: base.user.additionalGids ?? [], home: '/' },
      terminal: options.tty ?? false,
      ...(size === undefined ? {} : { consoleSize: size }),
      security: privileged ? { ...settings.security, privileged: true } : settings.security,
    }),
  }
}

/** One that is missing is a start that failed, as a missing command is. */
function workingDirectory({ files, what }: Prepared, path: string): string {
  if (!path.startsWith('/')) {
    throw new StrakeError('INVALID', `Cannot use working directory ${path}: it is not absolute`)
  }
  try {
    return resolveWorkingDirectory(files, path, 'refuse')
  } catch (error) {
    if (!isStrakeError(error, 'NOT_FOUND')) throw error
    throw new StartError(127, `there is no working directory ${path}`, what)
  }
}

interface RunExec {
  readonly options: ExecOptions
  /** A directory for this one process. */
  readonly own: string
}

async function runExec(
  { runtime }: ContainerContext,
  { id, name }: Container,
  { options, own }: RunExec,
): Promise<number> {
  const streams = (options.streams ?? new DescriptorStreams()).descriptors
  if (options.tty && !options.detach && !isTerminal(streams.stdin)) {
    throw new StrakeError('INVALID', 'Cannot use --tty: the input is not a terminal')
  }
  const [log, pidFile] = [`${own}/log`, `${own}/pid`]
  const carried =
    options.detach || options.tty
      ? undefined
      : connectExec({ streams, stdin: options.interactive ?? false, startedFile: pidFile })
  const { stdin, stdout, stderr } = streams
  const direct = options.detach
    ? (['ignore', 'ignore', 'ignore'] as const)
    : [stdin, stdout, stderr]
  const child = spawnProcess(
    [
      ...runtimeCommand(runtime, '--log', log, '--log-format', 'json', 'exec'),
      ...['--process', `${own}/process.json`, '--pid-file', pidFile],
      ...(options.detach ? ['--detach'] : []),
      id,
    ],
    { stdio: carried?.slots ?? direct, env: runtimeEnvironment },
  )
  const [{ code, isInterrupted }] = await Promise.all([
    waitForExec(child, pidFile),
    carried?.carry(),
  ])
  if (code !== 0 && !isInterrupted && !isStarted(pidFile)) {
    const { message, exitCode } = startFailure(
      readPlainFile(log) ?? '',
      options.command[0] ?? 'the command',
    )
    throw StartError.from(exitCode, message, `a process in container ${name}`)
  }
  return code
}

interface ExecEnd {
  readonly code: number
  readonly isInterrupted: boolean
}

const ending = { SIGINT: 130, SIGQUIT: 131, SIGTERM: 143 } as const

/**
 * Waits for the runtime. A first signal is for the process in the container:
 * SIGTERM is passed on, those of the terminal have reached the runtime already.
 * A second one ends the command. A process that was started goes on then; a
 * runtime that still waits for something in the container goes with its children.
 */
async function waitForExec(child: ChildProcess, pidFile: string): Promise<ExecEnd> {
  let count = 0
  let interrupted: number | undefined
  const onSignal = (name: keyof typeof ending): void => {
    count += 1
    if (count === 1) {
      if (name === 'SIGTERM') child.kill(name)
      return
    }
    interrupted = ending[name]
    if (isStarted(pidFile)) child.kill('SIGKILL')
    else killTree(child.pid)
  }
  const names = ['SIGINT', 'SIGQUIT', 'SIGTERM'] as const
  const listeners = names.map((name) => [name, () => onSignal(name)] as const)
  for (const [name, listener] of listeners) process.on(name, listener)
  try {
    const { code } = await child.exited
    return { code: interrupted ?? code, isInterrupted: interrupted !== undefined }
  } finally {
    for (const [name, listener] of listeners) process.off(name, listener)
  }
}

function isStarted(pidFile: string): boolean {
  return (readPlainFile(pidFile) ?? '') !== ''
}
