import { afterAll, beforeAll, expect, test } from 'bun:test'
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { Descriptor } from '#oci'
import { migrate, openDatabase } from '#platform'
import { openRecords } from './records.ts'

const root = `${tmpdir()}/strake-records-test-${process.pid}`
beforeAll(() => mkdirSync(root))
afterAll(() => rmSync(root, { recursive: true }))

/**
 * Runs code in a separate process, with `openRecords` and the path of the file in scope; returns
 * its output.
 */
function inProcess(path: string, code: string): Promise<string> {
  const script = `import { openRecords } from ${JSON.stringify(`${import.meta.dirname}/records.ts`)}
    const path = ${JSON.stringify(path)}\n${code}`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (data) => {
    output += data
  })
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => (code === 0 ? resolve(output) : reject(new Error(`exit ${code}`))))
  })
}

const target = (n: number): Descriptor => ({
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: `sha256:${n.toString(16).padStart(64, '0')}`,
  size: n,
})

test('openRecords() lets four processes create the file and write tags at once, without a loss', async () => {
  const path = `${root}/crowd.db`
  const writer = (who: number): string => `
    const records = openRecords(path)
    for (let n = 0; n < 50; n++) {
      const digest = 'sha256:' + (${who} * 1000 + n).toString(16).padStart(64, '0')
      records.tags.set('shared', { mediaType: 'm', digest, size: n }, 'writer ${who}')
      records.tags.set('own-${who}-' + n, { mediaType: 'm', digest, size: n }, 'writer ${who}')
    }
    records.close()`
  await Promise.all([1, 2, 3, 4].map((who) => inProcess(path, writer(who))))
  await using records = openRecords(path)
  expect(records.tags.list()).toHaveLength(201)
  const moves = records.tags.history('shared').reverse()
  expect(moves).toHaveLength(200)
  let before: string | undefined
  for (const move of moves) {
    expect(move.previous?.digest).toBe(before as never)
    before = move.target?.digest
  }
  expect(records.tags.get('shared')?.target.digest).toBe(before as never)
  expect(records.verify()).toEqual([])
})

test('openRecords() keeps what was written before the process was killed', async () => {
  const path = `${root}/killed.db`
  const run = inProcess(
    path,
    `const records = openRecords(path)
     records.tags.set('kept', { mediaType: 'm', digest: 'sha256:' + '0'.repeat(64), size: 1 }, 'test')
     records.transaction(() => {
       records.tags.remove('kept', 'test')
       process.kill(process.pid, 'SIGKILL')
     })`,
  )
  expect(await run.catch((error: unknown) => String(error))).toContain('exit null')
  await using records = openRecords(path)
  expect(records.tags.list().map(({ name }) => name)).toEqual(['kept'])
})

test('openRecords() refuses a file that a newer strake wrote, and changes nothing', () => {
  const path = `${root}/newer.db`
  openRecords(path).close()
  const database = openDatabase(path)
  database.execute('PRAGMA user_version=99')
  database.close()
  expect(() => openRecords(path)).toThrow(
    /a newer strake wrote it \(schema 99, this one knows \d+\)/,
  )
  expect(readdirSync(root).filter((name) => name.startsWith('newer.db.bad'))).toEqual([])
})

test('openRecords() refuses the database of another program', () => {
  const path = `${root}/foreign.db`
  const database = openDatabase(path)
  database.execute('CREATE TABLE recipes (name TEXT)')
  database.close()
  expect(() => openRecords(path)).toThrow("another program's database")
})

test('openRecords() sets a damaged file aside, once, and continues with an empty one', async () => {
  const path = `${root}/damaged.db`
  const junk = 'certainly not a database '.repeat(1000)
  writeFileSync(path, junk)
  const outputs = await Promise.all(
    [1, 2, 3].map(() =>
      inProcess(
        path,
        `const records = openRecords(path)
         records.tags.set('after', { mediaType: 'm', digest: 'sha256:' + '0'.repeat(64), size: 1 }, 'test')
         console.log(records.quarantined ?? 'sound')
         records.close()`,
      ),
    ),
  )
  const moved = outputs.map((line) => line.trim()).filter((line) => line !== 'sound')
  expect(moved).toHaveLength(1)
  expect(readFileSync(moved[0] ?? '', 'utf8')).toBe(junk)
  await using records = openRecords(path)
  expect(records.tags.list().map(({ name }) => name)).toEqual(['after'])
})

test('openRecords() sets a truncated file aside', async () => {
  const path = `${root}/truncated.db`
  openRecords(path).close()
  truncateSync(path, 5000)
  await using records = openRecords(path, { now: () => Date.UTC(2026, 0, 2, 3, 4, 5) })
  expect(records.quarantined).toBe(`${path}.bad-20260102T030405Z`)
  expect(records.tags.list()).toEqual([])
})

test('migrate() runs each step once, from any schema', () => {
  using database = openDatabase(`${root}/steps.db`)
  const steps = [
    'CREATE TABLE a (n INTEGER)',
    'ALTER TABLE a ADD COLUMN m INTEGER; CREATE TABLE b (n INTEGER)',
  ]
  migrate(database, { steps: steps.slice(0, 1) })
  database.run('INSERT INTO a VALUES (1)')
  migrate(database, { steps })
  migrate(database, { steps })
  expect(database.all('SELECT * FROM a')).toEqual([{ n: 1, m: null }])
  expect(database.all('SELECT * FROM b')).toEqual([])
  expect(() =>
    migrate(database, { steps: [...steps, 'CREATE TABLE c (n INTEGER)', 'nonsense'] }),
  ).toThrow()
  expect(() => database.all('SELECT * FROM c')).toThrow('no such table')
})

test('transaction() rolls all groups back together', async () => {
  await using records = openRecords(`${root}/together.db`)
  expect(() =>
    records.transaction(() => {
      records.tags.set('a', target(1), 'test')
      records.images.put({
        ...target(1),
        imageId: target(2).digest,
        platform: { os: 'linux', architecture: 'amd64' },
        createdAt: null,
        totalSize: 0,
      })
      throw new Error('no')
    }),
  ).toThrow('no')
  expect(records.tags.list()).toEqual([])
  expect(records.images.list()).toEqual([])
})

test('list() leaves a damaged record out and reports it, get() throws', async () => {
  const path = `${root}/rows.db`
  await using records = openRecords(path)
  records.tags.set('good', target(1), 'test')
  records.tags.set('bad', target(2), 'test')
  using database = openDatabase(path)
  database.run("UPDATE tags SET digest = 'sha256:zz' WHERE name = 'bad'")
  expect(records.tags.list().map(({ name }) => name)).toEqual(['good'])
  expect(records.damaged.map(({ message }) => message)).toEqual([
    'Cannot read the tag bad: its digest is damaged',
  ])
  expect(() => records.tags.get('bad')).toThrow('its digest is damaged')
  expect(records.tags.set('bad', target(3), 'test')).toBe(true)
  expect(records.tags.get('bad')?.target).toEqual(target(3))
})
