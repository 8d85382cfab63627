import { afterEach, beforeEach, expect, test } from 'bun:test'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEngine } from '../open.ts'
import { openTestEngine } from '../testing/fixture.ts'
import { letGroupEnter, makePrivate } from './private-directory.ts'

let base = ''
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'strake-private-'))
})
afterEach(() => rmSync(base, { recursive: true }))

const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8)

const rootsIn = (directory: string) => ({ root: join(base, directory), run: join(base, 'run') })

test('makePrivate() makes a directory that other users cannot enter, with any umask', () => {
  const umask = process.umask(0)
  makePrivate(rootsIn('a/b'))
  process.umask(umask)
  expect(modeOf(join(base, 'a/b'))).toBe('700')
})

test('makePrivate() closes an open directory and its content to other users', () => {
  const path = join(base, 'disk')
  mkdirSync(join(path, 'volumes'), { recursive: true })
  writeFileSync(join(path, 'strake.db'), '')
  for (const name of ['', 'volumes']) chmodSync(join(path, name), 0o755)
  chmodSync(join(path, 'strake.db'), 0o644)
  writeFileSync(join(base, 'outside'), '')
  chmodSync(join(base, 'outside'), 0o644)
  symlinkSync(join(base, 'outside'), join(path, 'reserve'))
  symlinkSync(path, join(base, 'link'))
  makePrivate(rootsIn('link'))
  expect(['', 'volumes', 'strake.db'].map((name) => modeOf(join(path, name)))).toEqual([
    '700',
    '700',
    '600',
  ])
  expect(modeOf(join(base, 'outside'))).toBe('644')
})

test.skipIf(process.getuid?.() !== 0)(
  'makePrivate() names the owner of a directory that it may not enter',
  () => {
    const path = join(base, 'closed')
    mkdirSync(path, { mode: 0o700 })
    chmodSync(base, 0o755)
    process.seteuid?.(65_534)
    try {
      expect(() => makePrivate(rootsIn('closed'), 65_534)).toThrow('user 0 owns it')
    } finally {
      process.seteuid?.(0)
    }
  },
)

test('makePrivate() refuses a directory of another user', () => {
  const uid = (process.getuid?.() ?? 0) + 1
  expect(() => makePrivate(rootsIn('.'), uid)).toThrow(`user ${uid - 1} owns it`)
})

test('makePrivate() changes nothing in a directory with foreign files', () => {
  mkdirSync(join(base, 'shared'))
  writeFileSync(join(base, 'shared/letter'), '')
  writeFileSync(join(base, 'shared/oci-layout'), '')
  chmodSync(join(base, 'shared'), 0o777)
  expect(() => makePrivate(rootsIn('shared'))).toThrow('"letter" is not strake\'s')
  expect(modeOf(join(base, 'shared'))).toBe('777')
})

test('openEngine() closes the store, its database and its run directory to other users', async () => {
  await using before = await openTestEngine()
  for (const path of [before.root, before.run]) {
    mkdirSync(path, { recursive: true })
    chmodSync(path, 0o755)
  }
  chmodSync(`${before.root}/strake.db`, 0o644)
  await using engine = await openEngine({ env: {}, root: before.root, run: before.run })
  expect([engine.root, engine.run, `${engine.root}/strake.db`].map(modeOf)).toEqual([
    '700',
    '700',
    '600',
  ])
})

test.skipIf(process.getuid?.() !== 0)('letGroupEnter() lets one group enter, now and later', () => {
  const roots = rootsIn('kept')
  letGroupEnter(roots, 50)
  makePrivate(roots)
  const { mode, gid } = statSync(roots.run)
  expect([(mode & 0o7777).toString(8), gid]).toEqual(['710', 50])
  // Reading the directory is more than entering it.
  chmodSync(roots.run, 0o750)
  makePrivate(roots)
  expect(modeOf(roots.run)).toBe('700')
})

test('openEngine() makes files that only their owner can read', async () => {
  const umask = process.umask(0)
  await using engine = await openTestEngine()
  process.umask(umask)
  engine.records.tags.list()
  for (const name of ['strake.db', 'strake.db-wal', 'index.json', 'oci-layout']) {
    expect([name, modeOf(`${engine.root}/${name}`)]).toEqual([name, '600'])
  }
})
