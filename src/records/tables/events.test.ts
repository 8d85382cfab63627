import { Database } from 'bun:sqlite'
import { afterAll, beforeEach, expect, test } from 'bun:test'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { openRecords, type Records } from '../records.ts'
import type { EventQuery, EventRecord, NewEvent } from './events.ts'

const root = mkdtempSync(`${tmpdir()}/strake-events-`)
const week = 7 * 24 * 60 * 60 * 1000
let count = 0
let time: number
let records: Records

beforeEach(() => {
  records?.close()
  time = 1000
  records = openRecords(`${root}/${count++}.db`, { now: () => time })
})

afterAll(() => {
  records.close()
  rmSync(root, { recursive: true })
})

const tagged = (name: string): NewEvent => ({
  type: 'image',
  action: 'tag',
  actor: `sha256:${name}`,
  attributes: { name },
})

/** Runs code in a separate process, with `records` in scope. */
async function inProcess(code: string): Promise<void> {
  const script = `import { openRecords } from ${JSON.stringify(`${import.meta.dirname}/../records.ts`)}
    await using records = openRecords(${JSON.stringify(records.path)})
    ${code}`
  const child = spawn(process.execPath, ['-e', script], { stdio: 'inherit' })
  expect(await once(child, 'exit')).toEqual([0, null])
}

test('append() commits an event with its transaction, or rolls it back with it', () => {
  const { events } = records
  records.transaction(() => events.append(tagged('kept')))
  const failing = (): void =>
    records.transaction(() => {
      events.append(tagged('lost'))
      throw new Error('it did not happen')
    })
  expect(failing).toThrow('it did not happen')
  expect(events.list()).toEqual([
    {
      id: 1,
      at: 1000,
      type: 'image',
      action: 'tag',
      actor: 'sha256:kept',
      attributes: { name: 'kept' },
    },
  ])
})

test('list() returns the events that match a query', async () => {
  const { events } = records
  await events.note(tagged('app'))
  time = 2000
  await events.note({
    type: 'container',
    action: 'health_status: healthy',
    actor: 'abc1',
    attributes: { name: 'web', tier: 'front' },
  })
  time = 3000
  await events.note({ type: 'builder', action: 'prune', actor: '', attributes: { reclaimed: '7' } })
  const cases: readonly (readonly [EventQuery, readonly number[]])[] = [
    [{}, [1, 2, 3]],
    [{ since: 2000 }, [2, 3]],
    [{ until: 2000 }, [1, 2]],
    [{ since: 1001, until: 2999 }, [2]],
    [{ types: ['image', 'builder'] }, [1, 3]],
    [{ types: [] }, []],
    [{ actions: ['tag'] }, [1]],
    [{ actions: ['health_status'] }, [2]],
    [{ actions: ['health_status: unhealthy', 'health'] }, []],
    [{ actors: ['web'] }, [2]],
    [{ actors: ['abc', 'app'] }, [1, 2]],
    [{ actors: [''] }, []],
    [{ attributes: { tier: null } }, [2]],
    [{ attributes: { tier: 'back' } }, []],
    [{ attributes: { tier: 'front', name: 'web' } }, [2]],
  ]
  for (const [query, ids] of cases) {
    expect([query, events.list(query).map(({ id }) => id)]).toEqual([query, [...ids]])
  }
})

test('events before `since` are not read at all, because there may be thousands', async () => {
  const { events, path } = records
  await events.note(tagged('old'))
  using database = new Database(path)
  database.run("UPDATE events SET attributes = 'damaged'")
  time = 2000
  await events.note(tagged('new'))
  time = 3000
  const signal = AbortSignal.timeout(10_000)
  for await (const { attributes } of events.follow({ since: 2000, until: 2000, signal })) {
    expect(attributes).toEqual({ name: 'new' })
  }
  expect(events.list({ since: 2000 })).toHaveLength(1)
  expect(records.damaged).toEqual([])
  expect(events.list()).toHaveLength(1)
  expect(records.damaged).toHaveLength(1)
})

test('append() removes the oldest events beyond 4,096, and those older than a week', () => {
  const { events } = records
  records.transaction(() => {
    for (let n = 0; n < 4100; n++) events.append(tagged(String(n)))
  })
  const kept = events.list()
  expect([kept.length, kept[0]?.attributes['name']]).toEqual([4096, '4'])
  time += week + 1
  events.append(tagged('next week'))
  expect(events.list().map(({ attributes }) => attributes['name'])).toEqual(['next week'])
})

test('follow() yields the events of every process in order, from its call on', async () => {
  const { events } = records
  events.append(tagged('before'))
  const controller = new AbortController()
  const { signal } = controller
  const following = events.follow({ signal, types: ['image'] })
  events.append(tagged('own'))
  events.append({ type: 'volume', action: 'create', actor: 'data' })
  const append = (name: string): string => `records.events.append(${JSON.stringify(tagged(name))})`
  const seen: string[] = []
  const reading = (async () => {
    for await (const { attributes } of following) {
      seen.push(attributes['name'] ?? '')
      if (seen.length === 1) await inProcess(`${append('one')}\n${append('two')}`)
      if (seen.length === 3) events.append(tagged('last'))
      if (seen.length === 4) controller.abort(new Error('enough'))
    }
  })()
  await expect(reading).rejects.toThrow()
  expect(seen).toEqual(['own', 'one', 'two', 'last'])
})

test('follow() tells of an event of another process within 50 ms, also many readers', async () => {
  const { events } = records
  const controller = new AbortController()
  const { signal } = controller
  const delays: number[] = []
  const readers = Array.from({ length: 20 }, async () => {
    for await (const { attributes } of events.follow({ signal })) {
      delays.push(Date.now() - Number(attributes['name']))
      if (attributes['last'] !== undefined) return
    }
  })
  await inProcess(`for (let count = 0; count < 10; count += 1) {
    const attributes = { name: String(Date.now()), ...(count === 9 && { last: '' }) }
    records.events.append({ type: 'image', action: 'tag', actor: 'x', attributes })
    await Bun.sleep(30)
  }`)
  await Promise.all(readers)
  controller.abort()
  expect(delays).toHaveLength(200)
  // A busy machine may be late a few times.
  const late = delays.toSorted((a, b) => a - b)[180] ?? Number.POSITIVE_INFINITY
  expect(late).toBeLessThan(50)
})

test('follow() ends soon after `until`, without a further event', async () => {
  const { signal } = new AbortController()
  const begun = Date.now()
  time = begun
  const following = records.events.follow({ since: 0, until: begun + 50, signal })
  const timer = setInterval(() => {
    time = Date.now()
  }, 10)
  for await (const _ of following);
  clearInterval(timer)
  expect(Date.now() - begun).toBeLessThan(500)
})

test('follow() begins with earlier events of the query, and ends after `until`', async () => {
  const { events } = records
  for (const at of [1000, 2000, 3000]) {
    time = at
    events.append(tagged(String(at)))
  }
  const { signal } = new AbortController()
  const found: EventRecord[] = []
  for await (const event of events.follow({ since: 2000, until: 2999, signal })) found.push(event)
  expect(found.map(({ at }) => at)).toEqual([2000])
})
