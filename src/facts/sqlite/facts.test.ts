import { expect, test } from 'bun:test'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '#platform'
import { createDirectoryFacts, type RegistryFacts, useResolution } from '#registry'
import { blob } from '../../registry/testing/fixtures.ts'
import { testDatabaseFacts } from '../testing/contract.ts'
import { openSqliteFacts } from './open.ts'
import { ReadCache } from './read-cache.ts'
import { SqliteRepositoryFacts } from './repository-facts.ts'
import { GroupWriter } from './writer.ts'

async function temporary(): Promise<{ readonly root: string } & AsyncDisposable> {
  const root = await mkdtemp(join(tmpdir(), 'strake-sqlite-facts-'))
  return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) }
}

testDatabaseFacts('openSqliteFacts()', async () => {
  const place = await temporary()
  return {
    open: (now) => openSqliteFacts(place.root, { now }),
    [Symbol.asyncDispose]: place[Symbol.asyncDispose],
  }
})

const one = blob('one').descriptor
const two = blob('two').descriptor

async function addManifest(facts: RegistryFacts, name: string, target = one): Promise<void> {
  await facts.repository(name).add({ kind: 'manifest', descriptor: target })
}

test('openSqliteFacts() takes over facts that were files, once', async () => {
  await using place = await temporary()
  const files = createDirectoryFacts(place.root)
  await addManifest(files, 'team/app')
  await files.repository('team/app').setTag('v1', one.digest)
  const subject = { kind: 'manifest', descriptor: two, subject: one.digest } as const
  await files.repository('team/app').add(subject)
  for (const _ of ['first', 'second']) {
    await using facts = await openSqliteFacts(place.root)
    const app = facts.repository('team/app')
    expect(await app.findTag('v1')).toBe(one.digest)
    expect(await Array.fromAsync(app.referrers(one.digest))).toEqual([two])
    expect(await Array.fromAsync(facts.repositories())).toEqual(['team/app'])
  }
  expect((await readdir(place.root)).sort()).toEqual(['_before', '_facts.db'])
})

test('a write that fails undoes nothing of the writes beside it', async () => {
  await using place = await temporary()
  await using facts = await openSqliteFacts(place.root)
  const wrong = { ...one, size: Number.NaN }
  const results = await Promise.allSettled([
    addManifest(facts, 'a'),
    addManifest(facts, 'wrong', wrong),
    addManifest(facts, 'b'),
  ])
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(await Array.fromAsync(facts.repositories())).toEqual(['a', 'b'])
})

test('content that nothing holds is found on a full disk', async () => {
  await using place = await temporary()
  let time = 1_000_000
  const now = (): number => time
  await using facts = await openSqliteFacts(place.root, { now })
  await addManifest(facts, 'app')
  time += 2 * useResolution
  class FullWriter extends GroupWriter {
    override write(): Promise<never> {
      const cause = Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' })
      return Promise.reject(new Error('no space', { cause }))
    }
  }
  const database = openDatabase(`${place.root}/_facts.db`)
  const writer = new FullWriter(database, () => {})
  const app = new SqliteRepositoryFacts('app', {
    database,
    writer,
    cache: new ReadCache(database),
    now,
  })
  expect(await app.find('manifest', one.digest)).toMatchObject({ descriptor: one })
  await facts.repository('app').remove('manifest', one.digest)
  expect(await app.find('manifest', one.digest)).toBeUndefined()
  database.close()
})

test('openSqliteFacts() tells how to go on without a damaged file', async () => {
  await using place = await temporary()
  const path = `${place.root}/_facts.db`
  await writeFile(path, 'garbage'.repeat(1000))
  await expect(openSqliteFacts(place.root)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: `Cannot use ${path}: it is damaged`,
    remedy: expect.stringContaining('restore it from a backup'),
  })
})
