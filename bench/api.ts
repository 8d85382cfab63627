import { exists, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Daemon, startDaemon } from './daemon.ts'
import type { Environment, Sample } from './measure.ts'
import { NotOffered } from './tools/tool.ts'

/** Docker's API of a tool, for the same clients with every tool. */
export interface Api {
  /** The path of the socket. */
  readonly socket: string
  /** The environment of a client. */
  readonly env: Environment
  residentBytes(): Promise<number>
}

export function describeApi(pid: number, socket: string, env: Environment): Api {
  return {
    socket,
    env: { ...env, DOCKER_HOST: `unix://${socket}` },
    async residentBytes() {
      const status = await readFile(`/proc/${pid}/status`, 'utf8')
      return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
    },
  }
}

/** Measures work without a command of its own. The memory is that of the server. */
export async function timed(api: Api, work: () => Promise<unknown>): Promise<Sample> {
  const start = performance.now()
  await work()
  return { milliseconds: performance.now() - start, peakBytes: await api.residentBytes() }
}

/** Asks a server, and returns its answer. Throws the text of a failure. */
export const ask = async (
  { socket }: Api,
  path: string,
  init: RequestInit = {},
): Promise<string> => {
  const response = await fetch(`http://docker${path}`, { ...init, unix: socket })
  const text = await response.text()
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text.slice(0, 200)}`)
  return text
}

/** Starts a server, and waits for its first answer. */
export async function startApi(
  argv: readonly string[],
  {
    env,
    log,
    socket,
  }: { readonly env: Environment; readonly log: string; readonly socket: string },
): Promise<Daemon> {
  return await startDaemon(argv, { env, log, ready: () => answers(socket) })
}

/** Tells whether a server answers at a socket. */
export async function answers(socket: string): Promise<boolean> {
  const response = await fetch('http://docker/_ping', { unix: socket })
  return (await response.text()) === 'OK'
}

/**
 * Listens for a server as systemd does, and measures from the connection of the first client, which
 * starts the server, to its first answer.
 */
export async function activateServer(
  argv: readonly string[],
  env: Environment,
  directory: string,
): Promise<Sample> {
  const activate = Bun.which('systemd-socket-activate', { PATH: env['PATH'] ?? '' })
  if (activate === null) throw new NotOffered('systemd-socket-activate is not installed here')
  const socket = join(directory, 'activated.sock')
  await rm(socket, { force: true })
  const variables = Object.entries(env).flatMap(([name, value]) => ['-E', `${name}=${value}`])
  const child = Bun.spawn([activate, '-l', socket, ...variables, ...argv], {
    env,
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  try {
    while (!(await exists(socket))) await Bun.sleep(5)
    const start = performance.now()
    if (!(await answers(socket))) throw new Error('the activated server gave another answer')
    const milliseconds = performance.now() - start
    return { milliseconds, peakBytes: await describeApi(child.pid, socket, env).residentBytes() }
  } finally {
    child.kill('SIGTERM')
    await child.exited
  }
}
