import { expect, test } from 'bun:test'
import { addTestImage, openTestEngine, type TestEngine } from '../testing/fixture.ts'
import type { ImageFilters } from './image-filter.ts'
import { listImages } from './images.ts'

async function openWithImages(): Promise<TestEngine> {
  const engine = await openTestEngine()
  const old = { created: '2020-01-01T00:00:00Z', layers: [{ a: '1' }] }
  await addTestImage(engine, { ...old, names: ['app:1', 'host.example:5000/team/app:2'] })
  const labelled = { config: { Labels: { kind: 'base' } }, layers: [{ b: '2' }] }
  await addTestImage(engine, { ...labelled, names: ['base'], created: '2021-01-01T00:00:00Z' })
  await addTestImage(engine, { layers: [{ c: '3' }], created: '2022-01-01T00:00:00Z' })
  return engine
}

async function namesOf(engine: TestEngine, filters: ImageFilters = {}): Promise<string[]> {
  const images = await listImages(engine, { all: false, filters })
  return images.map(({ repository, tag }) => `${repository}:${tag}`)
}

test('listImages() has a row for every name, newest image first', async () => {
  await using engine = await openWithImages()
  expect(await namesOf(engine)).toEqual(['base:latest', 'app:1', 'host.example:5000/team/app:2'])
  const all = await listImages(engine, { all: true })
  expect(all[0]).toMatchObject({ repository: '<none>', tag: '<none>' })
})

test('listImages() returns images that meet every condition', async () => {
  await using engine = await openWithImages()
  expect(await namesOf(engine, { dangling: [true] })).toEqual(['<none>:<none>'])
  expect(await namesOf(engine, { dangling: [false] })).toHaveLength(3)
  expect(await namesOf(engine, { labels: [{ key: 'kind' }] })).toEqual(['base:latest'])
  expect(await namesOf(engine, { labels: [{ key: 'kind', value: 'other' }] })).toEqual([])
  expect(await namesOf(engine, { references: ['app*'] })).toEqual(['app:1'])
  expect(await namesOf(engine, { references: ['*:latest'] })).toEqual(['base:latest'])
  expect(await namesOf(engine, { references: ['app', 'base'] })).toEqual(['base:latest', 'app:1'])
  expect(await namesOf(engine, { since: ['app:1'] })).toEqual(['base:latest'])
  expect(await namesOf(engine, { before: ['base'], references: ['app'] })).toEqual(['app:1'])
  expect(await namesOf(engine, { until: [new Date('2020-06-01')] })).toHaveLength(2)
  await expect(namesOf(engine, { since: ['absent'] })).rejects.toThrow('No such image')
})

test('listImages() finds a repository, or one tag of it', async () => {
  await using engine = await openWithImages()
  const find = async (reference: string): Promise<number> =>
    (await listImages(engine, { all: false, reference })).length
  expect(await find('app')).toBe(1)
  expect(await find('app:1')).toBe(1)
  expect(await find('app:9')).toBe(0)
  expect(await find('host.example:5000/team/app')).toBe(1)
  for (const [pattern, count] of Object.entries(patterns)) {
    expect([pattern, await find(pattern)]).toEqual([pattern, count])
  }
})

const patterns = {
  'a*': 1,
  '*': 2,
  'b*:latest': 1,
  '*:1': 1,
  'host.example:5000/team/*': 1,
  'host.example:5000/*': 0,
  'zz*': 0,
  UPPER: 0,
}
