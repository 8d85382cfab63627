// Requests per second of `strake registry serve` beside distribution, one after the other in each
// round, with one client of raw sockets on the same machine. Prints medians and ratios.
//   scripts/bun bench/registry-rates.ts [--rounds N] [--seconds N]
// Needs dist/strake, and distribution as $STRAKE_GOPEERS/registry; without it only strake is measured.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectRegistry } from '../src/registry/index.ts'
import { blob, emptyConfig, manifest, noise } from '../src/registry/testing/fixtures.ts'
import { fromBuffer } from '../src/stream/index.ts'
import { peakOf } from './peak.ts'
import { median } from './statistics.ts'

const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(name)
  return at < 0 ? otherwise : Number(process.argv[at + 1])
}
const rounds = option('--rounds', 3)
const seconds = option('--seconds', 2)
const program = join(import.meta.dir, '../dist/strake')
const peer = join(process.env['STRAKE_GOPEERS'] ?? '/var/cache/strake-gopeers', 'registry')
const root = mkdtempSync(join(process.env['STRAKE_TEST_TMP'] ?? tmpdir(), 'strake-rates-'))

interface Served {
  readonly name: string
  readonly port: number
  readonly child: Bun.Subprocess
}

function freePort(): number {
  using listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  return listener.port
}

async function serve(name: string): Promise<Served> {
  const port = freePort()
  const place = join(root, name)
  mkdirSync(place)
  const config = join(place, 'config.json')
  await Bun.write(
    config,
    JSON.stringify({
      version: 0.1,
      log: { level: 'error', accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: join(place, 'data') }, delete: { enabled: true } },
      http: { addr: `127.0.0.1:${port}` },
    }),
  )
  const argv =
    name === 'strake'
      ? [program, 'registry', 'serve', '--port', String(port), '--storage', join(place, 'data')]
      : [peer, 'serve', config]
  const child = Bun.spawn(argv, {
    env: { ...process.env, OTEL_TRACES_EXPORTER: 'none', STRAKE_ROOT: join(place, 'root') },
    stdout: 'ignore',
    stderr: 'ignore',
  })
  for (let tries = 0; tries < 200; tries += 1) {
    if (
      await fetch(`http://127.0.0.1:${port}/v2/`).then(
        () => true,
        () => false,
      )
    )
      break
    await Bun.sleep(25)
  }
  return { name, port, child }
}

const small = blob(noise(1024, 1))
const large = blob(noise(100 * 1024 * 1024, 2))
const image = manifest({ layers: [small.descriptor] })

async function fill({ port }: Served): Promise<void> {
  const repository = connectRegistry(`127.0.0.1:${port}`).repository('team/app')
  for (const { descriptor, raw } of [emptyConfig, small, large, image]) {
    await repository.write(descriptor, fromBuffer(raw))
  }
  await repository.tag('v1', image.descriptor)
}

/** Sends one request after the other on each connection. Returns answers per second and bytes per second. */
async function load(
  port: number,
  request: string,
  connections: number,
): Promise<{ readonly answers: number; readonly bytes: number }> {
  const end = performance.now() + seconds * 1000
  const head = Buffer.from(
    `${request} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: ${accepted}\r\n\r\n`,
  )
  const hasBody = !request.startsWith('HEAD')
  let answers = 0
  let bytes = 0
  const started = performance.now()
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      let text = ''
      let left = -1
      Bun.connect({
        hostname: '127.0.0.1',
        port,
        socket: {
          open: (socket) => void socket.write(head),
          error: (_, error) => reject(error),
          close: () => resolve(),
          data(socket, chunk) {
            bytes += chunk.length
            if (left < 0) {
              text += chunk.toString('latin1')
              const at = text.indexOf('\r\n\r\n')
              if (at < 0) return
              if (!text.startsWith('HTTP/1.1 200')) return reject(new Error(text.slice(0, 200)))
              const length = Number(/\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0)
              left = (hasBody ? length : 0) - (text.length - at - 4)
              text = ''
            } else left -= chunk.length
            if (left > 0) return
            left = -1
            answers += 1
            if (performance.now() < end) socket.write(head)
            else socket.end()
          },
        },
      }).catch(reject)
    })
  await Promise.all(Array.from({ length: connections }, one))
  const took = (performance.now() - started) / 1000
  return { answers: answers / took, bytes: bytes / took / 1e6 }
}

/** Pushes small images of their own, some at a time. Returns images per second. */
async function push(
  { port }: Served,
  count: number,
  parallel: number,
  round: number,
): Promise<number> {
  const registry = connectRegistry(`127.0.0.1:${port}`)
  const started = performance.now()
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) {
      const own = next++
      const repository = registry.repository(`push/${round}-${own}`)
      const layers = [1, 2].map((seed) => blob(noise(10_000, 1000 * round + 10 * own + seed)))
      const config = blob(`{"round":${round},"own":${own}}`)
      const target = manifest({
        config: config.descriptor,
        layers: layers.map(({ descriptor }) => descriptor),
      })
      for (const { descriptor, raw } of [config, ...layers, target]) {
        await repository.write(descriptor, fromBuffer(raw))
      }
      await repository.tag('v1', target.descriptor)
    }
  }
  await Promise.all(Array.from({ length: parallel }, worker))
  return count / ((performance.now() - started) / 1000)
}

const accepted = image.descriptor.mediaType
const tag = 'GET /v2/team/app/manifests/v1'
const blobPath = `/v2/team/app/blobs/${small.descriptor.digest}`
const rows: readonly {
  readonly name: string
  run(served: Served, round: number): Promise<number>
}[] = [
  ...[1, 8, 64].map((connections) => ({
    name: `GET manifest by tag, ${connections} connections, per second`,
    run: async ({ port }: Served) => (await load(port, tag, connections)).answers,
  })),
  ...[8, 64].map((connections) => ({
    name: `HEAD blob, ${connections} connections, per second`,
    run: async ({ port }: Served) => (await load(port, `HEAD ${blobPath}`, connections)).answers,
  })),
  {
    name: 'GET blob of 1 KiB, 8 connections, per second',
    run: async ({ port }) => (await load(port, `GET ${blobPath}`, 8)).answers,
  },
  {
    name: 'GET blob of 100 MB, 8 clients, MB/s',
    run: async ({ port }) =>
      (await load(port, `GET /v2/team/app/blobs/${large.descriptor.digest}`, 8)).bytes,
  },
  {
    name: 'push of 500 small images, 16 at a time, images/s',
    run: (served, round) => push(served, 500, 16, round),
  },
]

try {
  const names = existsSync(peer) ? ['strake', 'distribution'] : ['strake']
  const servers = await Promise.all(names.map(serve))
  for (const served of servers) await fill(served)
  for (const row of rows) {
    const results = new Map<string, number[]>(names.map((name) => [name, []]))
    for (let round = 0; round < rounds; round += 1) {
      for (const served of servers) results.get(served.name)?.push(await row.run(served, round))
    }
    const [ours = 0, theirs] = names.map((name) => median(results.get(name) ?? []))
    const beside =
      theirs === undefined
        ? ''
        : `, distribution ${Math.round(theirs)}, ratio ${(ours / theirs).toFixed(2)}`
    process.stdout.write(`${row.name}: strake ${Math.round(ours)}${beside}\n`)
  }
  for (const { child, name } of servers) {
    process.stdout.write(`peak memory: ${name} ${Math.round(peakOf(child.pid) / 2 ** 20)} MB\n`)
    child.kill()
    await child.exited
  }
} finally {
  rmSync(root, { recursive: true, force: true })
}
