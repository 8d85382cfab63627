import { expect, test } from 'bun:test'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { openDatabase } from '#platform'
import { collectGarbage } from '../collect/collect-garbage.ts'
import { removeImage } from '../collect/remove.ts'
import { publishIndex } from '../content/publish-index.ts'
import type { Engine } from '../engine.ts'
import { describeDamage } from '../facts.ts'
import { openEngine } from '../open.ts'
import { addTestImage, blobsOf, openTestEngine, type TestEngine } from '../testing/fixture.ts'
import { checkStore } from './check.ts'
import { pruneSystem } from './prune.ts'
import { pruneImages } from './prune-images.ts'

const names = (engine: Engine): readonly string[] =>
  engine.records.tags.list().map(({ name }) => name)

/** Opens the same store without its database. */
async function withoutDatabase({ root, run, records }: TestEngine): Promise<Engine> {
  records.close()
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${root}/strake.db${suffix}`, { force: true })
  return await openEngine({ env: {}, root, run })
}

test('openEngine() restores the names of index.json when the database is lost', async () => {
  await using before = await openTestEngine()
  const { imageId } = await addTestImage(before, { names: ['app', 'app:2', 'team/other:1'] })
  const expected = names(before)
  const blobs = await blobsOf(before)
  await using engine = await withoutDatabase(before)
  expect(names(engine)).toEqual(expected)
  expect(engine.records.images.list().map((image) => image.imageId)).toEqual([imageId])
  expect(describeDamage(engine)).toContain('the database of the store was missing')
  expect((await collectGarbage(engine)).blobs).toEqual([])
  expect(await blobsOf(engine)).toEqual(blobs)
})

test('openEngine() restores no name that has the form of an image ID', async () => {
  await using before = await openTestEngine()
  const { imageId } = await addTestImage(before, { names: ['app', 'other'] })
  const path = `${before.root}/index.json`
  const text = readFileSync(path, 'utf8')
  expect(text).toContain('docker.io/library/other:latest')
  writeFileSync(
    path,
    text.replace('docker.io/library/other:latest', `docker.io/library/${imageId}`),
  )
  await using engine = await withoutDatabase(before)
  expect(names(engine)).toEqual(['docker.io/library/app:latest'])
})

test('openEngine() restores the names of images whose layers were dropped', async () => {
  await using before = await openTestEngine()
  const { layers } = await addTestImage(before, { names: ['app'] })
  const { digest } = layers[0]?.descriptor ?? { digest: 'sha256:' }
  rmSync(before.content.pathOf(digest))
  before.records.dropped.add(digest, digest)
  await publishIndex(before)
  expect(JSON.parse(readFileSync(`${before.root}/index.json`, 'utf8')).manifests).toEqual([])
  await using engine = await withoutDatabase(before)
  expect(names(engine)).toEqual(['docker.io/library/app:latest'])
})

test('nothing is collected after a loss until the store is repaired', async () => {
  await using before = await openTestEngine()
  await addTestImage(before, { names: ['app'] })
  await addTestImage(before, { layers: [{ unnamed: 'image' }] })
  const blobs = await blobsOf(before)
  await using engine = await withoutDatabase(before)
  await expect(pruneImages(engine)).rejects.toMatchObject({ code: 'CONFLICT' })
  await expect(pruneSystem(engine, {})).rejects.toMatchObject({ code: 'CONFLICT' })
  await removeImage(engine, 'app')
  expect(await blobsOf(engine)).toEqual(blobs)
  const found = await Array.fromAsync(checkStore(engine))
  expect(found).toMatchObject([{ subject: 'database', state: 'damaged' }])
  const repaired = await Array.fromAsync(checkStore(engine, { repair: true }))
  expect(repaired).toMatchObject([
    { state: 'healed', action: '2 images recorded again, without a name' },
  ])
  expect(await Array.fromAsync(checkStore(engine))).toEqual([])
  expect(describeDamage(engine)).toBeUndefined()
  expect(engine.records.images.list()).toHaveLength(2)
  expect((await pruneImages(engine)).images).toHaveLength(2)
  expect(await blobsOf(engine)).toEqual([])
})

test('openEngine() keeps a copy of index.json if it cannot restore every name', async () => {
  await using before = await openTestEngine()
  const { descriptor } = await addTestImage(before, { names: ['gone'] })
  await addTestImage(before, { names: ['app'], layers: [{ other: 'file' }] })
  rmSync(before.content.pathOf(descriptor.digest))
  await using engine = await withoutDatabase(before)
  expect(names(engine)).toEqual(['docker.io/library/app:latest'])
  const [kept] = readdirSync(engine.root).filter((name) => name.startsWith('index.json.bad-'))
  expect(readFileSync(`${engine.root}/${kept}`, 'utf8')).toContain('gone')
})

test('openEngine() records containers again from their directories', async () => {
  await using before = await openTestEngine()
  const id = 'c'.repeat(64)
  const config = { version: 1, command: ['sh'] }
  const record = { id, name: 'web', image: null, createdAt: 7, config }
  mkdirSync(`${before.root}/containers/${id}`, { recursive: true })
  writeFileSync(`${before.root}/containers/${id}/container.json`, JSON.stringify(record))
  await using engine = await withoutDatabase(before)
  expect(engine.records.containers.list()).toEqual([{ ...record, state: {} }])
})

test('nothing is collected while a record is damaged, and a repair records its image again', async () => {
  await using engine = await openTestEngine()
  const { descriptor } = await addTestImage(engine)
  const blobs = await blobsOf(engine)
  using database = openDatabase(`${engine.root}/strake.db`)
  database.run("UPDATE images SET platform = '{'")
  expect((await collectGarbage(engine)).blobs).toEqual([])
  await expect(pruneImages(engine)).rejects.toMatchObject({ code: 'CONFLICT' })
  expect(await blobsOf(engine)).toEqual(blobs)
  expect(await Array.fromAsync(checkStore(engine, { repair: true }))).toMatchObject([
    { subject: 'database', state: 'healed' },
  ])
  expect(engine.records.images.list().map(({ digest }) => digest)).toEqual([descriptor.digest])
  expect(engine.records.damaged).toEqual([])
})

test('a damaged index of the database does not let a prune remove named images', async () => {
  await using before = await openTestEngine()
  const { descriptor } = await addTestImage(before, { names: ['app'] })
  before.records.close()
  const path = `${before.root}/strake.db`
  const bytes = readFileSync(path)
  // The index has the name right after the digest, the table the other way round.
  bytes[bytes.indexOf(`${descriptor.digest}docker.io/library/app`) + 10] = 0x67
  writeFileSync(path, bytes)
  await using engine = await openEngine({ env: {}, root: before.root, run: before.run })
  expect(engine.records.tags.namesOf(descriptor.digest)).toEqual([])
  await expect(pruneImages(engine)).rejects.toMatchObject({ code: 'CONFLICT' })
})
