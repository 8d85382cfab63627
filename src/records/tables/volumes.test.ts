import { afterAll, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { openRecords, type Records } from '../records.ts'

const root = mkdtempSync(`${tmpdir()}/strake-volumes-`)
let count = 0
let records: Records

beforeEach(() => {
  records?.close()
  records = openRecords(`${root}/${count++}.db`, { now: () => 1000 })
})

afterAll(() => {
  records.close()
  rmSync(root, { recursive: true })
})

test('insert() stores labels and options, and does not change an existing volume', () => {
  const { volumes } = records
  const data = { name: 'data', labels: { a: '1' }, options: { type: 'tmpfs' }, isAnonymous: false }
  expect(volumes.insert(data)).toBe(true)
  expect(volumes.insert({ ...data, labels: {} })).toBe(false)
  expect(volumes.get('data')).toEqual({ ...data, createdAt: 1000 })
  expect(volumes.get('none')).toBeUndefined()
})

test('list() is sorted by name, and remove() removes a volume', () => {
  const { volumes } = records
  for (const name of ['b', 'a'])
    volumes.insert({ name, labels: {}, options: {}, isAnonymous: true })
  expect(volumes.list().map(({ name }) => name)).toEqual(['a', 'b'])
  expect(volumes.remove('a')).toBe(true)
  expect(volumes.remove('a')).toBe(false)
  expect(volumes.list()).toHaveLength(1)
})
