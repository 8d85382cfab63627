import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '#platform'
import { openRecords, type Records } from './records.ts'

const root = mkdtempSync(join(tmpdir(), 'strake-loss-'))
afterAll(() => rmSync(root, { recursive: true }))

const open = (name: string, holdsContent = true): Records =>
  openRecords(join(root, name), { now: () => 1000, holdsContent: () => holdsContent })

test('openRecords() records that it created a database for existing content', () => {
  for (const hurt of [rmSync, (path: string) => truncateSync(path, 0)]) {
    open('a.db', false).close()
    hurt(join(root, 'a.db'))
    for (let times = 0; times < 2; times++) {
      const records = open('a.db')
      expect(records.loss.get()).toEqual({ at: 1000, setAside: null, isRestored: false })
      records.close()
    }
    const records = open('a.db')
    records.loss.restored()
    expect(records.loss.get()?.isRestored).toBe(true)
    records.loss.forget()
    records.close()
    const repaired = open('a.db')
    expect(repaired.loss.get()).toBeUndefined()
    repaired.close()
  }
})

test('openRecords() records where the damaged database is', () => {
  open('b.db', false).close()
  writeFileSync(join(root, 'b.db'), 'not a database at all'.repeat(1000))
  const records = open('b.db')
  expect(records.loss.get()?.setAside).toBe(`${root}/b.db.bad-19700101T000001Z`)
  records.close()
})

test('openRecords() records no loss in a new store', () => {
  const records = open('c.db', false)
  expect(records.loss.get()).toBeUndefined()
  records.close()
})

test('removeDamaged() deletes the rows that lists have left out', () => {
  const records = open('d.db', false)
  const target = { mediaType: 'm', digest: `sha256:${'1'.repeat(64)}`, size: 1 } as const
  for (const name of ['good', 'bad']) records.tags.set(name, target, 'test')
  using database = openDatabase(join(root, 'd.db'))
  database.run("UPDATE tags SET digest = 'sha256:zz' WHERE name = 'bad'")
  expect(records.tags.list()).toHaveLength(1)
  expect(records.tags.list()).toHaveLength(1)
  expect(records.damaged).toHaveLength(1)
  expect(records.removeDamaged()).toBe(1)
  expect(records.damaged).toEqual([])
  expect(database.values('SELECT name FROM tags')).toEqual([['good']])
  records.close()
})
