import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import { readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { build } from '../build/build.ts'
import { openTestEngine, type TestEngine } from '../testing/fixture.ts'
import { buildHistory, buildLog, findBuild, removeBuilds } from './history.ts'
import { type RecordedRequest, recordDirectory, startRecord } from './recorder.ts'

let engine: TestEngine
beforeAll(async () => {
  engine = await openTestEngine()
})
beforeEach(async () => removeBuilds(engine, await buildHistory(engine)))
afterAll(() => engine[Symbol.asyncDispose]())

const built = { imageId: 'sha256:1', digest: 'sha256:2', names: ['a'], hasImage: true } as const

async function record(request: RecordedRequest = {}): Promise<string> {
  const recorder = startRecord(engine, request)
  await recorder.finish(built, [])
  return recorder.id
}

test('build() records what it was asked for, also when it fails', async () => {
  const dockerfile = { text: 'FROM scratch\nLABEL a=b\n' }
  const buildArgs = new Map([['HTTP_PROXY', 'http://me:word@10.0.0.1']])
  const { digest } = await build(engine, { dockerfile, buildArgs, names: ['recorded'] })
  const failing = { text: 'FROM scratch\nNONSENSE\n' }
  await build(engine, { dockerfile: failing, target: 'x' }).catch(() => {})
  const [failed, done] = await buildHistory(engine)
  expect(failed).toMatchObject({ status: 'error', name: 'standard input (x)', target: 'x' })
  expect(failed?.error).toContain('NONSENSE')
  expect(done).toMatchObject({ status: 'completed', digest, buildArgs: {} })
  expect(done?.names).toEqual(['docker.io/library/recorded:latest'])
  if (done === undefined) throw new Error('there is no record')
  const events = [...buildLog(engine, done)].map(({ event }) => event)
  expect(events).toContainEqual(expect.objectContaining({ name: 'exporting to image' }))
})

test('build() that is aborted is recorded as canceled', async () => {
  const signal = AbortSignal.abort(new Error('stop'))
  await build(engine, { dockerfile: { text: 'FROM scratch\n' }, signal }).catch(() => {})
  expect((await buildHistory(engine)).map(({ status }) => status)).toEqual(['canceled'])
})

test('startRecord() writes no password of a URL', async () => {
  const context = 'https://me:word@example.com/app.git'
  const id = await record({ context, dockerfile: 'https://me:word@example.com/D' })
  const text = JSON.stringify(await findBuild(engine, id))
  expect(text).toContain('https://example.com/app.git')
  expect(text).not.toContain('word')
})

test('findBuild() takes IDs, their beginnings, buildx references and offsets', async () => {
  const ids: string[] = []
  for (const target of ['one', 'two', 'three']) {
    ids.push(await record({ target }))
    // Records of one millisecond have no order.
    const { startedAt } = await findBuild(engine, ids.at(-1))
    while (Date.now() <= startedAt.getTime()) await Promise.resolve()
  }
  const [one = '', two = '', three = ''] = ids
  const found = async (text?: string): Promise<string> => (await findBuild(engine, text)).id
  expect(await found()).toBe(three)
  expect(await found('^0')).toBe(three)
  expect(await found('^2')).toBe(one)
  expect(await found(two)).toBe(two)
  expect(await found(two.slice(0, 20))).toBe(two)
  expect(await found(`default/default/${one}`)).toBe(one)
  await expect(found('^3')).rejects.toThrow('Cannot find the build ^3: 3 are recorded')
  await expect(found('zzzzz')).rejects.toThrow('there is no such record')
  await expect(found(`../${'x'.repeat(25)}`)).rejects.toThrow('there is no such record')
})

test('startRecord() keeps 50 records, and none that is older than two days', async () => {
  const old = await record()
  const place = recordDirectory(engine.root)
  const before = (Date.now() - 49 * 3_600_000) / 1000
  utimesSync(`${place}/${old}.json`, before, before)
  const ids: string[] = []
  for (let count = 0; count < 52; count++) ids.push(await record())
  const kept = (await buildHistory(engine)).map(({ id }) => id)
  expect(kept).toHaveLength(50)
  expect(kept).not.toContain(old)
  expect(readdirSync(place)).toHaveLength(100)
})

test('buildHistory() leaves damaged and foreign files out', async () => {
  const id = await record()
  const place = recordDirectory(engine.root)
  const name = (digit: string): string => digit.repeat(25)
  writeFileSync(`${place}/${name('a')}.json`, '{')
  writeFileSync(`${place}/${name('b')}.json`, '{"id":"../../etc/passwd","status":"completed"}')
  writeFileSync(`${place}/${name('c')}.json`, JSON.stringify({ id: name('d'), status: 'error' }))
  writeFileSync(`${place}/other.json`, '{}')
  writeFileSync(`${place}/${name('e')}.json`, ' '.repeat(5 * 2 ** 20))
  expect((await buildHistory(engine)).map((each) => each.id)).toEqual([id])
})

test('startRecord() fails no build when the record cannot be written', async () => {
  const recorder = startRecord({ root: '/proc/self' }, {})
  await recorder.finish(built, [])
})
