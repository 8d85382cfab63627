import { afterAll, beforeEach, expect, test } from 'bun:test'
import { mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { Descriptor } from '#oci'
import { openRecords, type Records } from '../records.ts'

const root = `${tmpdir()}/strake-tags-test-${process.pid}`
mkdirSync(root)
let time = 0
let count = 0
let records: Records
beforeEach(() => {
  records?.close()
  time = 1000
  records = openRecords(`${root}/${count++}.db`, { now: () => time++ })
})
afterAll(() => {
  records.close()
  rmSync(root, { recursive: true })
})

const target = (n: number): Descriptor => ({
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: `sha256:${n.toString(16).padStart(64, '0')}`,
  size: n,
})

test('set() returns whether the name moved, and get() its target', () => {
  expect(records.tags.get('app')).toBeUndefined()
  expect(records.tags.set('app', target(1), 'build')).toBe(true)
  expect(records.tags.set('app', target(1), 'build')).toBe(false)
  expect(records.tags.get('app')?.target).toEqual(target(1))
  expect(records.tags.namesOf(target(1).digest)).toEqual(['app'])
})

test('history() returns every move, newest first, with its cause', () => {
  records.tags.set('app', target(1), 'build')
  records.tags.set('app', target(2), 'pull')
  records.tags.remove('app', 'rmi')
  expect(records.tags.remove('app', 'rmi')).toBe(false)
  records.tags.set('other', target(9), 'tag')
  expect(
    records.tags
      .history('app')
      .map(({ previous, target, by }) => [previous?.size, target?.size, by]),
  ).toEqual([
    [2, undefined, 'rmi'],
    [1, 2, 'pull'],
    [undefined, 1, 'build'],
  ])
  expect(records.tags.history()).toHaveLength(4)
  expect(records.tags.history('app', { limit: 1 })).toHaveLength(1)
})

test('list() shows names as they were at a time', () => {
  records.tags.set('app', target(1), 'build')
  const then = time
  time += 10
  records.tags.set('app', target(2), 'build')
  records.tags.set('new', target(3), 'build')
  records.tags.remove('app', 'rmi')
  const sizes = (at?: number): unknown =>
    records.tags.list({ at }).map(({ name, target }) => [name, target.size])
  expect(sizes()).toEqual([['new', 3]])
  expect(sizes(then)).toEqual([['app', 1]])
  expect(sizes(0)).toEqual([])
  const [removed, made] = records.tags.history()
  expect(sizes(made?.at)).toEqual([
    ['app', 2],
    ['new', 3],
  ])
  expect(sizes(removed?.at)).toEqual([['new', 3]])
  expect(sizes(time)).toEqual([['new', 3]])
  expect(records.damaged).toEqual([])
})

test('set() to the same target updates the time and records no move', () => {
  records.tags.set('app', target(1), 'build')
  const before = records.tags.get('app')?.updatedAt ?? 0
  time += 10
  expect(records.tags.set('app', target(1), 'pull')).toBe(false)
  expect(records.tags.get('app')?.updatedAt).toBeGreaterThan(before + 9)
  expect(records.tags.history('app')).toHaveLength(1)
})

test('rollbackTarget() is the target before the latest move, also for a removed name', () => {
  expect(records.tags.rollbackTarget('app')).toBeUndefined()
  records.tags.set('app', target(1), 'build')
  expect(records.tags.rollbackTarget('app')).toBeUndefined()
  records.tags.set('app', target(2), 'build')
  expect(records.tags.rollbackTarget('app')).toEqual(target(1))
  records.tags.set('app', target(1), 'rollback')
  expect(records.tags.rollbackTarget('app')).toEqual(target(2))
  records.tags.remove('app', 'rmi')
  expect(records.tags.rollbackTarget('app')).toEqual(target(1))
})
