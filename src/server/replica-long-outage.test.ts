import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { S3Server } from '../objects/testing/s3-server.ts'
import { blob, emptyConfig, type Fixture, manifest, noise } from '../registry/testing/fixtures.ts'
import {
  type Cluster,
  clusterReason,
  type Replica,
  startCluster,
  startReplica,
} from './testing/cluster.ts'

if (clusterReason !== undefined) console.info(`skipped: long outages: ${clusterReason}`)

/** How long an outage lasts. With 60, the replicas wait for answers as long as they usually do. */
const seconds = Number(process.env['STRAKE_OUTAGE_SECONDS'] ?? 5)
const isLong = seconds >= 60
const timeouts = isLong ? { bucket: 30_000, database: 10_000 } : { bucket: 2000, database: 1000 }

/** The most milliseconds of any answer while the bucket or the database is silent. */
const longestAnswer = 2 * timeouts.bucket + 4 * timeouts.database

/** The most milliseconds after the end of an outage until a replica is ready and serves. */
const recovery = 5000

interface Answer {
  readonly what: string
  readonly status: number
  readonly retryAfter: string | null
  readonly milliseconds: number
  /** It has the bytes that it should have. */
  readonly isRight: boolean
}

const base = '/v2/app/blobs/uploads/'
const layer = blob(noise(300_000, 1))
const target = manifest({ layers: [layer.descriptor] })
const large = blob(noise(12_000_000, 2))
const cut = 9_000_000

describe.skipIf(clusterReason !== undefined)('a replica', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster()
  }, 120_000)
  afterAll(() => cluster[Symbol.asyncDispose]())

  const outages: readonly {
    readonly name: string
    readonly begin: (s3: S3Server) => void | Promise<void>
    readonly end: () => void | Promise<void>
    readonly failing: string
    /** Requests succeed, late. */
    readonly isOnlySlow?: boolean
  }[] = [
    {
      name: 'the database is down',
      begin: () => cluster.postgres.stop(),
      end: () => cluster.postgres.start(),
      failing: 'facts',
    },
    {
      name: 'the database is silent',
      begin: () => cluster.postgres.freeze(),
      end: () => cluster.postgres.thaw(),
      failing: 'facts',
    },
    {
      name: 'the bucket answers 503',
      begin(s3) {
        s3.intercept = async () =>
          new Response('<Error><Code>SlowDown</Code></Error>', { status: 503 })
      },
      end() {},
      failing: 'content',
    },
    {
      name: 'the bucket refuses its credentials',
      begin(s3) {
        s3.intercept = async () =>
          new Response('<Error><Code>AccessDenied</Code></Error>', { status: 403 })
      },
      end() {},
      failing: 'content',
    },
    {
      name: 'the bucket is silent',
      begin(s3) {
        s3.intercept = () => new Promise(() => {})
      },
      end() {},
      failing: 'content',
    },
    {
      name: 'the bucket takes a third of the time that it may',
      begin(s3) {
        s3.intercept = async () => {
          await Bun.sleep(timeouts.bucket / 3)
          return undefined
        }
      },
      end() {},
      failing: 'content',
      isOnlySlow: true,
    },
  ]

  for (const outage of outages) {
    test(`says so while ${outage.name}, and goes on by itself`, async () => {
      const { s3 } = cluster
      const place = await cluster.createPlace()
      await using replica = await startReplica({ ...place, timeouts })
      await using other = await startReplica({ ...place, timeouts })
      for (const { descriptor, raw } of [layer, emptyConfig]) {
        expect((await put(replica, descriptor.digest, raw)).status).toBe(201)
      }
      expect((await tag(replica, 'v1')).status).toBe(201)
      const begun = await beginUpload(replica)
      const acknowledged: Fixture[] = []

      await outage.begin(s3)
      const end = Date.now() + seconds * 1000
      const answers: Answer[] = []
      const busy = Array.from({ length: 4 }, async (_, client) => {
        for (let count = 0; Date.now() < end; count += 1) {
          const pushed = blob(noise(50_000, 100 + client * 1000 + count))
          const { digest } = pushed.descriptor
          const created = await ask(answers, 'push', () => put(replica, digest, pushed.raw))
          if (created?.status === 201) acknowledged.push(pushed)
          await ask(answers, 'manifest', () => get(replica, 'manifests/v1'), target.raw)
          await ask(
            answers,
            'blob',
            () => get(replica, `blobs/${layer.descriptor.digest}`),
            layer.raw,
          )
          await ask(answers, 'has', () => has(replica, layer.descriptor.digest))
          await ask(answers, 'tag', () => tag(replica, `t${client}`))
          await ask(answers, 'state', () => fetch(`${replica.url}${begun}`))
          await Bun.sleep(100)
        }
      })
      const readiness = (async () => {
        for (; Date.now() < end - 1000; await Bun.sleep(200)) {
          const ready = await fetch(`${replica.url}/readyz`)
          if (ready.status === 503) return await ready.text()
          await ready.body?.cancel()
        }
        return 'ready'
      })()
      await ask(answers, 'continue', () => patch(replica, begun))
      // The first upload that this replica begins.
      await ask(answers, 'first', () => fetch(`${other.url}${base}`, { method: 'POST' }))
      const isReady = outage.isOnlySlow === true && !isLong
      expect(await readiness).toBe(isReady ? 'ready' : `not ready: ${outage.failing}\n`)
      await Bun.sleep(Math.max(0, end - Date.now()))
      await outage.end()
      s3.intercept = () => undefined
      const ended = Date.now()
      while ((await fetch(`${replica.url}/readyz`)).status !== 200) {
        expect(Date.now() - ended).toBeLessThan(recovery)
        await Bun.sleep(100)
      }
      await Promise.all(busy)

      const wrong = answers.filter(({ status, retryAfter, milliseconds, isRight }) => {
        const isRefusal = status === 500 || (status === 503 && retryAfter !== null)
        return !(isRight || isRefusal) || milliseconds > longestAnswer
      })
      if (isLong) console.info(`${outage.name}: ${summaryOf(answers)}`)
      expect(wrong).toEqual([])
      if (outage.isOnlySlow === true) expect(answers.filter(({ isRight }) => !isRight)).toEqual([])
      else expect(answers.some(({ status }) => status >= 500)).toBe(true)
      const after: Answer[] = []
      const late = blob(noise(40_000, 7))
      for (const each of [replica, other]) {
        await ask(after, 'begin', () => fetch(`${each.url}${base}`, { method: 'POST' }))
        await ask(after, 'push', () => put(each, late.descriptor.digest, late.raw))
        await ask(after, 'tag', () => tag(each, 'v2'))
        for (const { descriptor, raw } of acknowledged) {
          await ask(after, 'acknowledged', () => get(each, `blobs/${descriptor.digest}`), raw)
        }
      }
      expect(after.filter(({ isRight }) => !isRight)).toEqual([])
      expect(await finishUpload(replica, begun)).toBe(201)
    }, 600_000)
  }
})

const put = (replica: Replica, digest: string, body: Uint8Array): Promise<Response> =>
  fetch(`${replica.url}${base}?digest=${digest}`, { method: 'POST', body })

const get = (replica: Replica, path: string): Promise<Response> =>
  fetch(`${replica.url}/v2/app/${path}`)

const has = (replica: Replica, digest: string): Promise<Response> =>
  fetch(`${replica.url}/v2/app/blobs/${digest}`, { method: 'HEAD' })

const tag = (replica: Replica, name: string): Promise<Response> =>
  fetch(`${replica.url}/v2/app/manifests/${name}`, {
    method: 'PUT',
    headers: { 'Content-Type': target.descriptor.mediaType },
    body: target.raw,
  })

/** Begins an upload and sends the first bytes. Returns its location. */
async function beginUpload(replica: Replica): Promise<string> {
  const begun = await fetch(`${replica.url}${base}`, { method: 'POST' })
  const location = begun.headers.get('Location') ?? ''
  const sent = await fetch(`${replica.url}${location}`, {
    method: 'PATCH',
    headers: { 'Content-Range': `0-${cut - 1}` },
    body: large.raw.subarray(0, cut),
  })
  expect(sent.status).toBe(202)
  return location
}

const patch = (replica: Replica, location: string): Promise<Response> =>
  fetch(`${replica.url}${location}`, {
    method: 'PATCH',
    headers: { 'Content-Range': `${cut}-${cut + 999_999}` },
    body: large.raw.subarray(cut, cut + 1_000_000),
  })

/** Sends what the registry says is missing of an upload. */
async function finishUpload(replica: Replica, location: string): Promise<number> {
  const state = await fetch(`${replica.url}${location}`)
  expect(state.status).toBe(204)
  const next = Number(/-(\d+)$/.exec(state.headers.get('Range') ?? '')?.[1]) + 1
  expect(next).toBeGreaterThanOrEqual(cut)
  const url = `${replica.url}${location}?digest=${large.descriptor.digest}`
  return (await fetch(url, { method: 'PUT', body: large.raw.subarray(next) })).status
}

/** Asks and notes the answer. `bytes` are what a right answer has. */
async function ask(
  answers: Answer[],
  what: string,
  send: () => Promise<Response>,
  bytes?: Uint8Array,
): Promise<Response | undefined> {
  const began = Date.now()
  let [status, retryAfter, isRight]: [number, string | null, boolean] = [0, null, false]
  let answer: Response | undefined
  try {
    answer = await send()
    status = answer.status
    retryAfter = answer.headers.get('Retry-After')
    const found = await answer.bytes()
    isRight = answer.ok && (bytes === undefined || Buffer.from(found).equals(bytes))
  } catch {
    status = 0
  }
  answers.push({ what, status, retryAfter, milliseconds: Date.now() - began, isRight })
  return answer
}

/** Returns how often each kind of request got each status, and the longest time of an answer. */
function summaryOf(answers: readonly Answer[]): string {
  const counts: Record<string, number> = {}
  for (const { what, status } of answers) {
    const key = `${what} ${status}`
    counts[key] = (counts[key] ?? 0) + 1
  }
  const longest = Math.max(...answers.map(({ milliseconds }) => milliseconds))
  return `${JSON.stringify(counts)}, ${longest} ms at most`
}
