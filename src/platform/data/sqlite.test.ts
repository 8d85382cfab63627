import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { lockFileBlocking } from '../file/file-lock.ts'
import { mountTmpfs, unmount } from '../kernel/mount.ts'
import { openDatabase } from './sqlite.ts'
import { isDatabaseDamaged, isUniqueViolation } from './sqlite-errors.ts'

const root = `${tmpdir()}/strake-sqlite-test-${process.pid}`
beforeAll(() => mkdirSync(root))
afterAll(() => rmSync(root, { recursive: true }))

test('openDatabase() uses a write-ahead log and syncs every transaction', () => {
  using database = openDatabase(`${root}/modes.db`)
  expect(database.get('PRAGMA journal_mode')).toEqual({ journal_mode: 'wal' })
  expect(database.get('PRAGMA synchronous')).toEqual({ synchronous: 2 })
})

test('transaction() is the last lock that can be taken', () => {
  using database = openDatabase(`${root}/order.db`)
  const path = `${root}/order.lock`
  expect(() => database.transaction(() => lockFileBlocking(path))).toThrow(
    `the lock ${path} is taken inside a transaction`,
  )
  using _lock = lockFileBlocking(path)
  expect(database.transaction(() => 'in order')).toBe('in order')
})

test('transaction() keeps all or nothing and joins an outer one', () => {
  using database = openDatabase(`${root}/all.db`)
  database.execute('CREATE TABLE t (n INTEGER PRIMARY KEY)')
  database.transaction(() => {
    database.run('INSERT INTO t VALUES (?)', 1)
    database.transaction(() => database.run('INSERT INTO t VALUES (?)', 2))
  })
  expect(() =>
    database.transaction(() => {
      database.run('INSERT INTO t VALUES (?)', 3)
      throw new Error('no longer wanted')
    }),
  ).toThrow('no longer wanted')
  expect(database.values('SELECT n FROM t ORDER BY n')).toEqual([[1], [2]])
  expect(() => database.transaction(() => Promise.resolve())).toThrow(TypeError)
  database.transaction(() => database.run('DELETE FROM t'))
  expect(database.all('SELECT n FROM t')).toEqual([])
  expect(database.get('SELECT n FROM t')).toBeUndefined()
})

test('transaction() of two connections take turns', () => {
  using one = openDatabase(`${root}/turns.db`)
  using two = openDatabase(`${root}/turns.db`, { busyTimeout: 1 })
  one.execute('CREATE TABLE t (n INTEGER)')
  one.transaction(() => {
    one.run('INSERT INTO t VALUES (1)')
    expect(() => two.transaction(() => undefined)).toThrow(
      `Cannot use ${root}/turns.db: another process does not stop writing to it`,
    )
    expect(two.all('SELECT * FROM t')).toEqual([])
  })
  expect(two.transaction(() => two.all('SELECT * FROM t'))).toEqual([{ n: 1 }])
})

test('isUniqueViolation() and isDatabaseDamaged() distinguish errors', () => {
  using database = openDatabase(`${root}/unique.db`)
  database.execute('CREATE TABLE t (n INTEGER PRIMARY KEY)')
  database.run('INSERT INTO t VALUES (1)')
  const failure = (call: () => unknown): unknown => {
    try {
      return call()
    } catch (error) {
      return error
    }
  }
  expect(isUniqueViolation(failure(() => database.run('INSERT INTO t VALUES (1)')))).toBe(true)
  writeFileSync(`${root}/junk.db`, 'this is not a database, whatever it is called'.repeat(100))
  const damage = failure(() => openDatabase(`${root}/junk.db`))
  expect(isDatabaseDamaged(damage)).toBe(true)
  expect(isUniqueViolation(damage)).toBe(false)
})

test.skipIf(process.getuid?.() !== 0)('run() throws that the disk is full, with the path', () => {
  const disk = `${root}/disk`
  mkdirSync(disk)
  mountTmpfs(disk, { size: 256 * 1024 })
  try {
    using database = openDatabase(`${disk}/full.db`)
    database.execute('CREATE TABLE t (b BLOB)')
    expect(() => database.run('INSERT INTO t VALUES (?)', new Uint8Array(400_000))).toThrow(
      expect.objectContaining({
        code: 'UNAVAILABLE',
        message: `Cannot use ${disk}/full.db: no space is left`,
      }),
    )
  } finally {
    unmount(disk, { detach: true })
  }
})

test('write() waits for another writer without blocking the thread', async () => {
  const path = `${root}/waits.db`
  using one = openDatabase(path)
  using two = openDatabase(path)
  one.execute('CREATE TABLE t (n INTEGER)')
  one.execute('BEGIN IMMEDIATE')
  let isWritten = false
  const waiting = two
    .write(() => two.run('INSERT INTO t VALUES (2)'))
    .then((count) => {
      isWritten = true
      return count
    })
  // The thread continues: timers run, and the writer that holds the lock can end.
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(isWritten).toBe(false)
  one.execute('COMMIT')
  expect(await waiting).toBe(1)
})

test('write() waits for the disk unless the changes may be lost', async () => {
  using database = openDatabase(`${root}/durable.db`)
  const level = (): unknown => database.get('PRAGMA synchronous')?.['synchronous']
  const levels = { normal: 1, full: 2 }
  expect(await database.write(level, { isDurable: false })).toBe(levels.normal)
  expect(level()).toBe(levels.full)
  expect(await database.write(level)).toBe(levels.full)
  const failing = (): never => {
    throw new Error('half done')
  }
  await expect(database.write(failing, { isDurable: false })).rejects.toThrow('half done')
  expect(level()).toBe(levels.full)
})

test('write() ends with its signal or its timeout, and then keeps nothing', async () => {
  const path = `${root}/given-up.db`
  using one = openDatabase(path)
  using two = openDatabase(path, { busyTimeout: 20 })
  one.execute('CREATE TABLE t (n INTEGER)')
  one.execute('BEGIN IMMEDIATE')
  const insert = (): number => two.run('INSERT INTO t VALUES (1)')
  await expect(two.write(insert)).rejects.toThrow('another process does not stop writing to it')
  const stopped = two.write(insert, { signal: AbortSignal.abort(new Error('no longer wanted')) })
  await expect(stopped).rejects.toThrow('no longer wanted')
  one.execute('COMMIT')
  const failing = two.write(() => {
    insert()
    throw new Error('half done')
  })
  await expect(failing).rejects.toThrow('half done')
  expect(two.all('SELECT n FROM t')).toEqual([])
  // Other calls have the same timeout as before.
  expect(two.get('PRAGMA busy_timeout')).toEqual({ timeout: 20 })
})
