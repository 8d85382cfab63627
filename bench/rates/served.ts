import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { peakOf } from '../peak.ts'

/** The registry to measure, and the one beside it. */
export type Program = 'strake' | 'distribution'

export const programs: Readonly<Record<Program, string>> = {
  strake: join(import.meta.dir, '../../dist/strake'),
  distribution: join(process.env['STRAKE_GOPEERS'] ?? '/var/cache/strake-gopeers', 'registry'),
}

/** A registry in a process of its own. Disposal ends it and leaves its directory. */
export interface Served extends AsyncDisposable {
  readonly program: Program
  readonly directory: string
  readonly port: number
  readonly pid: number
  readonly isSecure: boolean
  /** Milliseconds from the start of the process to its first answer. */
  readonly readyAfter: number
}

export interface ServeOptions {
  readonly program: Program
  /** Where the server keeps everything. It may have content. */
  readonly directory: string
  /** Sections of strake's configuration. */
  readonly config?: Readonly<Record<string, unknown>> | undefined
  /** Where strake gets credentials from. */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Processors for it, as taskset takes them. */
  readonly processors?: string | undefined
}

export function freePort(): number {
  using listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  return listener.port
}

/** The directory of strake's content below that of a server. */
export function dataOf(directory: string): string {
  return join(directory, 'data')
}

export async function serve(options: ServeOptions): Promise<Served> {
  const { program, directory, config = {}, env, processors } = options
  mkdirSync(dataOf(directory), { recursive: true })
  const port = freePort()
  const file = join(directory, 'config.json')
  const settings =
    program === 'strake'
      ? { storage: { directory: dataOf(directory) }, ...config, listen: { port } }
      : {
          version: 0.1,
          log: { level: 'error', accesslog: { disabled: true } },
          storage: { filesystem: { rootdirectory: dataOf(directory) }, delete: { enabled: true } },
          http: { addr: `127.0.0.1:${port}` },
        }
  await Bun.write(file, JSON.stringify(settings))
  const own = program === 'strake' ? ['registry', 'serve', '--config', file] : ['serve', file]
  const pinned = processors === undefined ? [] : ['taskset', '-c', processors]
  const started = performance.now()
  const child = Bun.spawn([...pinned, programs[program], ...own], {
    env: {
      ...process.env,
      OTEL_TRACES_EXPORTER: 'none',
      STRAKE_ROOT: join(directory, 'root'),
      ...env,
    },
    stdout: 'ignore',
    // Distribution writes a line for every blob that is not there.
    stderr: program === 'strake' ? 'inherit' : 'ignore',
  })
  const isSecure = 'tls' in config
  const url = `${isSecure ? 'https' : 'http'}://127.0.0.1:${port}/v2/`
  await untilAnswered(url, child)
  return {
    program,
    directory,
    port,
    pid: child.pid,
    isSecure,
    readyAfter: performance.now() - started,
    async [Symbol.asyncDispose]() {
      child.kill()
      await child.exited
    },
  }
}

async function untilAnswered(url: string, child: Bun.Subprocess): Promise<void> {
  for (let tries = 0; tries < 10_000 && child.exitCode === null; tries += 1) {
    const answer = await fetch(url, { tls: { rejectUnauthorized: false } }).catch(() => undefined)
    await answer?.arrayBuffer()
    if (answer !== undefined) return
    await Bun.sleep(1)
  }
  throw new Error(`${url} does not answer`)
}

/** Returns the seconds of processor time that a process has taken, with those of its threads. */
export function processorTime(pid: number): number {
  const status = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = status.slice(status.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** What Linux counts in, on every platform of today. */
const ticksPerSecond = 100

/** Returns the largest resident size so far, in megabytes. */
export function peakMegabytes({ pid }: Served): number {
  return peakOf(pid) / 2 ** 20
}
