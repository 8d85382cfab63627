import { mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { program, type Strake } from './strake.ts'

/** A server of a test. It ends with the scope. */
export interface TestServer extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string
}

/** `strake registry serve` over the store of `strake`. */
export async function serveStrakeRegistry(
  strake: Strake,
  ...options: readonly string[]
): Promise<TestServer> {
  const child = Bun.spawn([program, 'registry', 'serve', '--port', '0', ...options], {
    env: { PATH: process.env['PATH'] ?? '', ...strake.env },
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const { value } = await child.stdout.getReader().read()
  const host = /http:\/\/(\S+)/.exec(new TextDecoder().decode(value))?.[1]
  if (host === undefined) throw new Error('strake registry serve did not say where it listens')
  return { host, [Symbol.asyncDispose]: () => end(child) }
}

/** Starts Debian's docker-registry, with basic authentication for `htpasswd`. */
export async function serveDockerRegistry(
  directory: string,
  htpasswd?: string,
): Promise<TestServer> {
  const place = await mkdtemp(join(directory, 'docker-registry-'))
  const host = `127.0.0.1:${await freePort()}`
  const config = {
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(place, 'data') }, delete: { enabled: true } },
    http: { addr: host },
    ...(htpasswd === undefined ? {} : { auth: { htpasswd: { realm: 'test', path: htpasswd } } }),
  }
  const file = join(place, 'config.yml')
  await writeFile(file, JSON.stringify(config))
  const child = Bun.spawn(['docker-registry', 'serve', file], {
    stdout: 'ignore',
    stderr: 'ignore',
  })
  await until(async () => (await fetch(`http://${host}/v2/`)).status < 500)
  return { host, [Symbol.asyncDispose]: () => end(child) }
}

/** Ends a child that a test started. */
export async function end(child: Bun.Subprocess): Promise<void> {
  child.kill()
  await child.exited
}

/** Returns a port that was free just now. */
export async function freePort(): Promise<number> {
  using listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  return listener.port
}

/** Waits until the condition is true, for at most ten seconds. */
export async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!(await isTrue().catch(() => false))) {
    if (Date.now() > deadline) throw new Error('it did not happen within ten seconds')
    await Bun.sleep(50)
  }
}
