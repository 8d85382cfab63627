import { expect, test } from 'bun:test'
import { openTestEngine, type TestEngine } from '../fixture.ts'
import { parseContainerFilters } from './container-filter.ts'
import type { ContainerSummary } from './summary.ts'

const web: ContainerSummary = {
  ...{ id: 'aabbcc', name: 'web', image: 'app:1', imageId: 'sha256:11', command: ['serve'] },
  ...{ created: new Date(2000), state: 'running', status: 'Up', exitCode: 0, ports: '' },
  ...{ labels: { tier: 'front' }, network: 'bridge', health: 'healthy', mounts: ['data'] },
}
const job: ContainerSummary = {
  ...{ ...web, id: 'ddeeff', name: 'web-job', image: 'job', state: 'exited', exitCode: 3 },
  ...{ labels: {}, network: 'none', health: 'none', mounts: [], created: new Date(4000) },
}

function keep(engine: TestEngine, ...words: readonly string[]): readonly string[] {
  const { passes } = parseContainerFilters(words, engine.records)
  return [web, job].filter(passes).map(({ name }) => name)
}

test('parseContainerFilters() knows the conditions of Docker', async () => {
  await using engine = await openTestEngine()
  expect(keep(engine, 'name=web')).toEqual(['web', 'web-job'])
  expect(keep(engine, 'name=^/web$')).toEqual(['web'])
  expect(keep(engine, 'id=aa')).toEqual(['web'])
  expect(keep(engine, 'status=exited')).toEqual(['web-job'])
  expect(keep(engine, 'exited=3')).toEqual(['web-job'])
  expect(keep(engine, 'exited=0')).toEqual([])
  expect(keep(engine, 'ancestor=app:1')).toEqual(['web'])
  expect(keep(engine, 'label=tier=front')).toEqual(['web'])
  expect(keep(engine, 'network=none')).toEqual(['web-job'])
  expect(keep(engine, 'volume=data')).toEqual(['web'])
  expect(keep(engine, 'health=healthy')).toEqual(['web'])
})

test('parseContainerFilters() takes any of several values, and all conditions and labels', async () => {
  await using engine = await openTestEngine()
  expect(keep(engine, 'status=exited', 'status=running')).toEqual(['web', 'web-job'])
  expect(keep(engine, 'status=exited', 'name=^web$')).toEqual([])
  expect(keep(engine, 'label=tier', 'label=other')).toEqual([])
})

test('parseContainerFilters() compares with when another container was made', async () => {
  await using engine = await openTestEngine()
  const record = { id: 'c'.repeat(64), name: 'middle', image: 'x', config: {}, state: {} }
  engine.records.containers.insert({ ...record, createdAt: 3000 })
  expect(keep(engine, 'before=middle')).toEqual(['web'])
  expect(keep(engine, 'since=middle')).toEqual(['web-job'])
})

test('parseContainerFilters() refuses what means nothing', async () => {
  await using engine = await openTestEngine()
  for (const word of ['foo=bar', 'name', 'status=foo', 'exited=x', 'health=x', 'before=absent']) {
    expect(() => keep(engine, word)).toThrow(`Cannot filter containers by '${word}'`)
  }
  expect(() => keep(engine, 'name=[')).toThrow('no regular expression')
})
