import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isSystemError } from '#platform'

/** A PostgreSQL server of a test, on a Unix socket and a port of loopback. */
export interface PostgresServer extends AsyncDisposable {
  /** Makes an empty database and returns its URL. */
  createDatabase(): Promise<string>
  /** Returns the ID of its first process. */
  pid(): number
  /** Stops the server at once, as a crash would. */
  stop(): Promise<void>
  /** Starts it again after `stop`. */
  start(): Promise<void>
  /** Makes the server take connections and statements and never answer, until `thaw`. */
  freeze(): void
  thaw(): void
}

/** Returns the directory of PostgreSQL's programs, or `undefined` where it is not installed. */
export function findPostgres(): string | undefined {
  const found = Bun.which('pg_ctl')
  if (found !== null) return join(realpathSync(found), '..')
  const base = '/usr/lib/postgresql'
  const versions = existsSync(base) ? readdirSync(base).sort() : []
  const directory = `${base}/${versions.at(-1)}/bin`
  return existsSync(`${directory}/pg_ctl`) ? directory : undefined
}

/** Starts a server in a directory of its own. */
export async function startPostgres(programs: string): Promise<PostgresServer> {
  const root = mkdtempSync(join(tmpdir(), 'strake-postgres-'))
  Bun.spawnSync(['chmod', '755', root])
  const data = join(root, 'data')
  mkdirSync(data, { mode: 0o700 })
  const asUser = userPrefix(data, root)
  const port = freePort()
  const run = async (...argv: readonly string[]): Promise<void> => {
    const child = Bun.spawn([...asUser, ...argv], { stdout: 'ignore', stderr: 'pipe', cwd: '/' })
    const text = new Response(child.stderr).text()
    if ((await child.exited) !== 0) throw new Error(`${argv[0]} failed: ${await text}`)
  }
  const control = (...argv: readonly string[]) =>
    run(`${programs}/pg_ctl`, '-D', data, '-w', '-t', '60', '-l', join(data, 'log'), ...argv)
  const settings = `-p ${port} -k ${data} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=200`
  await run(
    ...[`${programs}/initdb`, '-D', data, '-A', 'trust', '-U', 'strake', '--no-sync'],
    ...['-E', 'UTF8', '--locale=C'],
  )
  await control('-o', settings, 'start')
  let count = 0
  return {
    async createDatabase() {
      count += 1
      const name = `registry${count}`
      await run(`${programs}/createdb`, '-h', '127.0.0.1', '-p', String(port), '-U', 'strake', name)
      return `postgres://strake@127.0.0.1:${port}/${name}`
    },
    pid: () => mainOf(data) ?? 0,
    stop: () => control('-m', 'immediate', 'stop'),
    start: () => control('-o', settings, 'start'),
    freeze: () => signalAll(data, 'SIGSTOP'),
    thaw: () => signalAll(data, 'SIGCONT'),
    async [Symbol.asyncDispose]() {
      signalAll(data, 'SIGCONT')
      await control('-m', 'immediate', 'stop').catch(() => {})
      rmSync(root, { recursive: true, force: true })
    },
  }
}

/** Returns the ID of the server's main process, if it runs. */
function mainOf(data: string): number | undefined {
  const file = join(data, 'postmaster.pid')
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : undefined
}

/** Signals the server's main process and all that it has started. */
function signalAll(data: string, signal: NodeJS.Signals): void {
  const main = mainOf(data)
  if (main === undefined) return
  const children = readFileSync(`/proc/${main}/task/${main}/children`, 'utf8').trim()
  for (const pid of [main, ...children.split(' ').map(Number)]) {
    try {
      if (pid !== 0) process.kill(pid, signal)
    } catch (error) {
      // Workers end by themselves.
      if (!isSystemError(error, 'ESRCH')) throw error
    }
  }
}

/** PostgreSQL refuses to run as root. */
function userPrefix(...owned: readonly string[]): readonly string[] {
  if (process.getuid?.() !== 0) return []
  const id = (flag: string): number =>
    Number(Bun.spawnSync(['id', flag, 'postgres']).stdout.toString().trim())
  for (const path of owned) chownSync(path, id('-u'), id('-g'))
  return ['setpriv', '--reuid', 'postgres', '--regid', 'postgres', '--clear-groups']
}

function freePort(): number {
  using listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  return listener.port
}
