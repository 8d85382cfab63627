import { readFile } from 'node:fs/promises'
import type { Environment } from './measure.ts'

/** A server that runs during the rows. It ends with the scope. */
export interface Daemon extends AsyncDisposable {
  readonly pid: number
}

export interface DaemonOptions {
  readonly env: Environment
  /** The file for its output. */
  readonly log: string
  /** Called until it returns true. */
  readonly ready: () => Promise<boolean>
}

/** Starts a server and waits until it is ready. Throws its last output if it ends. */
export async function startDaemon(
  argv: readonly string[],
  { env, log, ready }: DaemonOptions,
): Promise<Daemon> {
  const child = Bun.spawn([...argv], {
    env,
    stdin: 'ignore',
    stdout: Bun.file(log),
    stderr: Bun.file(log),
  })
  const daemon = { pid: child.pid, [Symbol.asyncDispose]: () => end(child) }
  const deadline = Date.now() + 30_000
  while (!(await ready().catch(() => false))) {
    if (child.exitCode === null && Date.now() < deadline) {
      await Bun.sleep(50)
      continue
    }
    await end(child)
    const lastWords = (await readFile(log, 'utf8')).trim().split('\n').slice(-3).join(' | ')
    throw new Error(`${argv[0]} did not start: ${lastWords}`)
  }
  return daemon
}

async function end(child: Bun.Subprocess): Promise<void> {
  child.kill('SIGTERM')
  const impatience = setTimeout(() => child.kill('SIGKILL'), 15_000)
  await child.exited
  clearTimeout(impatience)
}
