// Three replicas of a registry over PostgreSQL and a bucket, behind a load balancer, on this machine.
// Needs PostgreSQL and versitygw ($STRAKE_GOPEERS/versitygw or on PATH). Ends with the first signal.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPostgres, startPostgres } from '../src/facts/testing/postgres-server.ts'
import { startBalancer } from '../src/server/testing/balancer.ts'

const replicas = 3
const program = join(import.meta.dir, '../dist/strake')
const port = Number(process.env['PORT'] ?? 5000)

const gateway =
  [join(process.env['STRAKE_GOPEERS'] ?? '/var/cache/strake-gopeers', 'versitygw')].find(
    existsSync,
  ) ?? Bun.which('versitygw')
const postgresPrograms = findPostgres()
if (gateway === null || postgresPrograms === undefined) {
  const absent = gateway === null ? 'versitygw' : 'PostgreSQL'
  process.stderr.write(`Cannot start the cluster: ${absent} is missing\n`)
  process.exit(1)
}

const root = mkdtempSync(join(tmpdir(), 'strake-cluster-'))
await using opened = new AsyncDisposableStack()
opened.defer(() => rmSync(root, { recursive: true, force: true }))

const children: Bun.Subprocess[] = []

function start(argv: readonly string[], env: Readonly<Record<string, string>>): void {
  const child = Bun.spawn([...argv], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdout: 'ignore',
    stderr: 'inherit',
  })
  children.push(child)
}

function freePort(): number {
  using listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  return listener.port
}

async function answers(url: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const isUp = await fetch(url).then(
      ({ status }) => status < 500,
      () => false,
    )
    if (isUp) return
    await Bun.sleep(50)
  }
  throw new Error(`${url} does not answer`)
}

const postgres = opened.use(await startPostgres(postgresPrograms))
const s3Port = freePort()
for (const name of ['data/registry', 'meta']) mkdirSync(join(root, name), { recursive: true })
start(
  [
    ...[gateway, '--port', `127.0.0.1:${s3Port}`, '--region', 'us-east-1', '--quiet'],
    ...['posix', '--sidecar', join(root, 'meta'), join(root, 'data')],
  ],
  { ROOT_ACCESS_KEY: 'strake', ROOT_SECRET_KEY: 'strakesecret' },
)
await answers(`http://127.0.0.1:${s3Port}/`)
const config = join(root, 'registry.yml')
await Bun.write(
  config,
  `storage:
  bucket: { name: registry, region: us-east-1, endpoint: "http://127.0.0.1:${s3Port}", pathStyle: true }
  database: { url: "${await postgres.createDatabase()}" }
collect: { interval: 1h }
`,
)
const ports = Array.from({ length: replicas }, freePort)
for (const each of ports) {
  start([program, 'registry', 'serve', '--config', config, '--port', String(each)], {
    AWS_ACCESS_KEY_ID: 'strake',
    AWS_SECRET_ACCESS_KEY: 'strakesecret',
    STRAKE_ROOT: join(root, 'store'),
    HOME: root,
  })
}
await Promise.all(ports.map((each) => answers(`http://127.0.0.1:${each}/v2/`)))

const hosts = ports.map((each) => `127.0.0.1:${each}`)
opened.use(await startBalancer(hosts, port))
opened.defer(async () => {
  for (const child of children) child.kill()
  await Promise.all(children.map(({ exited }) => exited))
})
process.stdout.write(
  `Serving ${replicas} replicas on http://127.0.0.1:${port} (replicas: ${ports.join(', ')})\n`,
)
await new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
})
