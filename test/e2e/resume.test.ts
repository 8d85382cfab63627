import { describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packTar } from '#tar'
import { serveStrakeRegistry, until } from './servers.ts'
import { missing, openStrake, program, type Strake } from './strake.ts'

// A second pull does not fetch received bytes again.

const reason = missing()
if (reason !== undefined) console.log(`skipped resuming: ${reason}`)

const size = 16 * 1024 ** 2

describe.skipIf(reason !== undefined)('a pull that was killed', () => {
  test('continues in the middle of a blob', async () => {
    await using source = await openStrake()
    await using server = await serveStrakeRegistry(source)
    const archive = join(source.directory, 'large.tar')
    await writeFile(archive, await packTar([{ path: 'large', body: randomBytes(size) }]))
    const name = `${server.host}/large:1`
    await source.ok('import', archive, name)
    await source.ok('push', name)

    using slow = serveHalves(server.host)
    const slowName = `${slow.host}/large:1`
    await using strake = await openStrake()
    const child = Bun.spawn([program, 'pull', slowName], { env: strake.env, stderr: 'ignore' })
    // The store writes a mebibyte at a time.
    await until(async () => slow.isStalled && received(strake) > slow.sent - 1024 ** 2)
    child.kill('SIGKILL')
    await child.exited
    const kept = received(strake)

    slow.finish()
    await strake.ok('pull', slowName)
    expect(slow.ranges).toEqual([null, `bytes=${kept}-${slow.size - 1}`])
    expect(slow.sent).toBeLessThan(slow.size + 1024 ** 2)
    expect(await strake.ok('images', '-q', '--no-trunc')).toBe(
      await source.ok('images', '-q', '--no-trunc'),
    )
  }, 60_000)
})

interface SlowServer extends Disposable {
  readonly host: string
  /** Sent bytes of the large blob. */
  readonly sent: number
  /** More than half of the blob was sent. The server sends no more. */
  readonly isStalled: boolean
  /** The size of the large blob. */
  readonly size: number
  /** The requested ranges of the large blob. */
  readonly ranges: readonly (string | null)[]
  /** Makes later answers complete. */
  finish(): void
}

/** Passes requests to another registry, but sends only more than half of a large blob. */
function serveHalves(upstream: string): SlowServer {
  let sent = 0
  let whole = 0
  let isFinishing = false
  let isStalled = false
  const ranges: (string | null)[] = []
  async function* half(body: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<Uint8Array> {
    let left = limit
    for await (const chunk of body) {
      const part = chunk.subarray(0, left)
      left -= part.length
      sent += part.length
      yield part
      if (left > 0 || isFinishing) continue
      isStalled = true
      await new Promise(() => {})
    }
  }
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url)
      const { method, headers } = request
      const place = `http://${upstream}${pathname}${search}`
      // Bun sends streams chunked, without Content-Length.
      const head = await fetch(place, { method: 'HEAD' })
      const length = Number(head.headers.get('content-length'))
      const answer = await fetch(place, { method, headers })
      if (answer.body === null || length < size / 4) return answer
      const range = headers.get('range')
      whole = length
      ranges.push(range)
      const limit = isFinishing ? length : Math.floor(length * 0.6)
      return new Response(half(answer.body, limit), answer)
    },
  })
  return {
    host: `127.0.0.1:${server.port}`,
    get sent() {
      return sent
    },
    get size() {
      return whole
    },
    get isStalled() {
      return isStalled
    },
    ranges,
    finish: () => {
      isFinishing = true
    },
    [Symbol.dispose]: () => void server.stop(true),
  }
}

/** Returns the bytes of the largest unfinished blob. */
function received({ root }: Strake): number {
  const folder = join(root, 'ingest')
  const sizes = readdirSync(folder).map((id) => {
    const data = statSync(join(folder, id, 'data'), { throwIfNoEntry: false })
    return data?.size ?? 0
  })
  return Math.max(0, ...sizes)
}
