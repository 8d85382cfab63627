import { expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatFamilies } from '../observe/metric.ts'
import type { RegistryEvent } from '../server/event.ts'
import type { CloudEvent } from './cloud-event.ts'
import type { Hook } from './hook.ts'
import { Notifier } from './notifier.ts'
import type { Outbox } from './outbox.ts'
import { createStoredOutbox } from './stored-outbox.ts'

const digest = `sha256:${'a'.repeat(64)}`
const push = (tag: string, more: Partial<RegistryEvent> = {}): RegistryEvent => ({
  time: 1_795_956_504_793,
  action: 'push',
  kind: 'manifest',
  principal: 'alice',
  address: '192.0.2.7',
  repository: 'team/app',
  reference: tag,
  digest,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  status: 201,
  ...more,
})

const hookOf = (name: string, more: Partial<Hook> = {}): Hook => ({
  name,
  url: new URL(`https://${name}.example.com/`),
  kinds: ['push', 'tag', 'delete'],
  secrets: async () => [],
  allowsPrivate: false,
  timeout: 1000,
  batch: 10,
  giveUpAfter: 60_000,
  ...more,
})

/** What a receiver gets, and what it answers. */
interface Receiver {
  readonly got: (readonly CloudEvent[])[]
  answer(events: readonly CloudEvent[]): Promise<number> | number
}

/** A notifier over a file, receivers in memory, and a clock that only waits move. */
async function openRig(
  hooks: readonly Hook[],
  answers: Readonly<Record<string, Receiver['answer']>>,
) {
  const root = await mkdtemp(join(tmpdir(), 'strake-notify-'))
  let time = 0
  const waits: number[] = []
  const got: Record<string, (readonly CloudEvent[])[]> = {}
  const changed = new EventTarget()
  const open = (change: (outbox: Outbox) => Outbox = (outbox) => outbox) =>
    new Notifier({
      hooks,
      outbox: change(createStoredOutbox(join(root, 'letters.db'), () => time)),
      source: 'https://registry.example.com',
      random: () => 0.5,
      services: {
        now: () => time,
        resolve: async (host) => [`203.0.113.${host.length}`],
        fetch: async (_url, { headers, body }) => {
          const [name = ''] = new Headers(headers).get('Host')?.split('.') ?? []
          const value = JSON.parse(String(body)) as CloudEvent | readonly CloudEvent[]
          const events = Array.isArray(value) ? value : [value]
          const status = (await answers[name]?.(events)) ?? 200
          if (status === 200) got[name] = [...(got[name] ?? []), events]
          changed.dispatchEvent(new Event('change'))
          return new Response('', { status })
        },
      },
      sleep: (milliseconds, signal) =>
        new Promise((resolve) => {
          // The wait for further events ends only by one.
          if (milliseconds === 30_000) {
            signal.addEventListener('abort', () => resolve())
            return
          }
          waits.push(milliseconds)
          time += milliseconds
          changed.dispatchEvent(new Event('change'))
          setImmediate(resolve)
        }),
    })
  const until = async (isDone: () => boolean): Promise<void> => {
    while (!isDone()) {
      await new Promise((resolve) => changed.addEventListener('change', resolve, { once: true }))
    }
  }
  const subjects = (name: string) => (got[name] ?? []).flat().map(({ subject }) => subject)
  return {
    open,
    until,
    waits,
    got,
    subjects,
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  }
}

test('Notifier tells each hook what it asked for, as CloudEvents', async () => {
  const releases = { test: (name: string) => name === 'release/app' }
  const hooks = [hookOf('all'), hookOf('some', { kinds: ['delete'], repositories: [releases] })]
  await using rig = await openRig(hooks, {})
  await using notifier = rig.open()
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  notifier.note(push('1', { moves: [{ tag: '1', previous: 'sha256:before' }], traceparent }))
  notifier.note(push('1', { kind: 'blob' }))
  notifier.note(push('1', { action: 'pull' }))
  notifier.note(push(digest, { action: 'delete', repository: 'release/app', principal: undefined }))
  await rig.until(() => rig.subjects('all').length === 3 && rig.subjects('some').length === 1)
  const about = { repository: 'team/app', digest, principal: 'alice' }
  expect(rig.got['all']?.flat()).toMatchObject([
    {
      specversion: '1.0',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      source: 'https://registry.example.com',
      type: 'dev.strake.registry.push',
      subject: 'team/app:1',
      time: '2026-11-29T12:48:24.793Z',
      datacontenttype: 'application/json',
      traceparent,
      data: { ...about, tag: '1', mediaType: 'application/vnd.oci.image.manifest.v1+json' },
    },
    {
      type: 'dev.strake.registry.tag',
      subject: 'team/app:1',
      data: { ...about, tag: '1', previous: 'sha256:before' },
    },
    { type: 'dev.strake.registry.delete', subject: `release/app@${digest}` },
  ])
  expect(rig.subjects('some')).toEqual([`release/app@${digest}`])
})

test('Notifier tries again with growing waits, also after a restart, and holds up no other hook', async () => {
  let isDown = true
  await using rig = await openRig([hookOf('down'), hookOf('up')], {
    down: () => (isDown ? 503 : 200),
  })
  {
    await using notifier = rig.open()
    notifier.note(push('1'))
    notifier.note(push('2'))
    await rig.until(() => rig.waits.length >= 4 && rig.subjects('up').length === 2)
  }
  expect(rig.waits.slice(0, 4)).toEqual([1000, 2000, 4000, 8000])
  isDown = false
  await using _again = rig.open()
  await rig.until(() => rig.subjects('down').length === 2)
  expect(rig.subjects('down').toSorted()).toEqual(['team/app:1', 'team/app:2'])
  expect(rig.subjects('up')).toEqual(['team/app:1', 'team/app:2'])
})

test('Notifier delivers others beside an event that is always refused', async () => {
  await using rig = await openRig([hookOf('picky')], {
    picky: (events) => (events.some(({ subject }) => subject === 'team/app:bad') ? 400 : 200),
  })
  await using notifier = rig.open()
  for (const tag of ['1', 'bad', '2', '3']) notifier.note(push(tag))
  await rig.until(() => rig.subjects('picky').length === 3)
  expect(rig.subjects('picky').toSorted()).toEqual(['team/app:1', 'team/app:2', 'team/app:3'])
})

test('Notifier gives up after the time of the hook, and counts what it dropped', async () => {
  await using rig = await openRig([hookOf('gone', { giveUpAfter: 10_000 }), hookOf('up')], {
    gone: () => 410,
  })
  await using notifier = rig.open()
  const before = await formatFamilies(notifier.families)
  expect(before).toContain('strake_webhook_events_total{webhook="gone",result="dropped"} 0\n')
  notifier.note(push('1'))
  await rig.until(() => rig.waits.length >= 4)
  // The first look after the last wait drops it.
  let text = ''
  do {
    await new Promise((resolve) => setImmediate(resolve))
    text = await formatFamilies(notifier.families)
  } while (!text.includes('strake_webhook_events_total{webhook="gone",result="dropped"} 1'))
  expect(text).toContain('strake_webhook_deliveries_total{webhook="gone",result="failed"} 4\n')
  expect(text).toContain('strake_webhook_events_total{webhook="up",result="delivered"} 1\n')
  expect(text).toContain('strake_webhook_queued_events{webhook="gone"} 0\n')
})

test('Notifier loses no event while the outbox fails', async () => {
  await using rig = await openRig([hookOf('ci')], {})
  let left = 2
  await using notifier = rig.open((outbox) => ({
    ...outbox,
    async add(...given) {
      if (left-- > 0) throw new Error('the database is away')
      return await outbox.add(...given)
    },
  }))
  notifier.note(push('1'))
  await Bun.sleep(100)
  notifier.note(push('2'))
  await rig.until(() => rig.subjects('ci').length === 2)
  expect(rig.subjects('ci')).toEqual(['team/app:1', 'team/app:2'])
}, 30_000)
