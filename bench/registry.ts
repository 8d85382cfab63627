import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Daemon, startDaemon } from './daemon.ts'
import type { Environment } from './measure.ts'

/** Debian's docker-registry with its content in one directory. */
export interface TestRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string
  /** Removes everything pushed. */
  clear(): Promise<void>
}

/** Serves a registry on a fixed port, in the network namespace of the benchmark. */
export async function serveRegistry(
  directory: string,
  port: number,
  env: Environment,
): Promise<TestRegistry> {
  const host = `127.0.0.1:${port}`
  const data = join(directory, 'data')
  await mkdir(data, { recursive: true })
  const config = {
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: data }, delete: { enabled: true } },
    http: { addr: host },
  }
  const file = join(directory, 'config.yml')
  await writeFile(file, JSON.stringify(config))
  const daemon: Daemon = await startDaemon(['docker-registry', 'serve', file], {
    env,
    log: join(directory, 'log'),
    ready: async () => (await fetch(`http://${host}/v2/`)).ok,
  })
  return {
    host,
    clear: () => rm(data, { recursive: true, force: true }),
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  }
}
