import { expect, test } from 'bun:test'
import { openTestEngine, type TestEngine } from '../testing/fixture.ts'
import { type ContainerFilters, containerTest } from './container-filter.ts'
import type { ContainerSummary } from './summary.ts'

const web: ContainerSummary = {
  id: 'aabbcc',
  name: 'web',
  image: 'app:1',
  imageId: 'sha256:11',
  command: ['serve'],
  created: new Date(2000),
  state: 'running',
  exitCode: 0,
  published: [],
  ...{
    labels: { tier: 'front' },
    exposed: [],
    networks: ['bridge'],
    health: 'healthy',
    mounts: [{ isVolume: true, source: 'data', destination: '/var/data' }],
  },
}
const job: ContainerSummary = {
  ...web,
  id: 'ddeeff',
  name: 'web-job',
  image: 'job',
  state: 'exited',
  exitCode: 3,
  labels: {},
  networks: ['none'],
  health: 'none',
  mounts: [],
  created: new Date(4000),
}

function keep(engine: TestEngine, filters: ContainerFilters): readonly string[] {
  return [web, job].filter(containerTest(filters, engine.records)).map(({ name }) => name)
}

test('containerTest() tests every condition', async () => {
  await using engine = await openTestEngine()
  expect(keep(engine, {})).toEqual(['web', 'web-job'])
  expect(keep(engine, { names: [/web/] })).toEqual(['web', 'web-job'])
  expect(keep(engine, { names: [/^\/web$/] })).toEqual(['web'])
  expect(keep(engine, { ids: ['aa'] })).toEqual(['web'])
  expect(keep(engine, { states: ['exited'] })).toEqual(['web-job'])
  expect(keep(engine, { exitCodes: [3] })).toEqual(['web-job'])
  expect(keep(engine, { exitCodes: [0] })).toEqual([])
  expect(keep(engine, { ancestors: ['app:1'] })).toEqual(['web'])
  expect(keep(engine, { labels: [{ key: 'tier', value: 'front' }] })).toEqual(['web'])
  expect(keep(engine, { networks: ['none'] })).toEqual(['web-job'])
  expect(keep(engine, { volumes: ['data'] })).toEqual(['web'])
  expect(keep(engine, { volumes: ['/var/data'] })).toEqual(['web'])
  expect(keep(engine, { volumes: ['/var'] })).toEqual([])
  expect(keep(engine, { healths: ['healthy'] })).toEqual(['web'])
})

test('containerTest() tests ports of running containers, and knows no tasks', async () => {
  await using engine = await openTestEngine()
  const port = { hostIp: '0.0.0.0', hostPort: 8080, containerPort: 80, protocol: 'tcp' as const }
  const open = { ...web, published: [port], exposed: ['90/udp'] }
  const kept = (filters: ContainerFilters): number =>
    [open, job].filter(containerTest(filters, engine.records)).length
  const range = (first: number, last: number, protocol = 'tcp') => [{ first, last, protocol }]
  expect(kept({ published: range(8080, 8080) })).toBe(1)
  expect(kept({ published: range(80, 80) })).toBe(0)
  expect(kept({ published: range(90, 90, 'udp') })).toBe(0)
  expect(kept({ exposed: range(85, 95, 'udp') })).toBe(1)
  expect(kept({ exposed: range(80, 80) })).toBe(1)
  expect(kept({ exposed: range(90, 90) })).toBe(0)
  expect([kept({ isTask: false }), kept({ isTask: true })]).toEqual([2, 0])
})

test('containerTest() takes any of several values, and all conditions and labels', async () => {
  await using engine = await openTestEngine()
  expect(keep(engine, { states: ['exited', 'running'] })).toEqual(['web', 'web-job'])
  expect(keep(engine, { states: ['exited'], names: [/^web$/] })).toEqual([])
  expect(keep(engine, { labels: [{ key: 'tier' }, { key: 'other' }] })).toEqual([])
})

test('containerTest() compares with the time at which another container was made', async () => {
  await using engine = await openTestEngine()
  const record = { id: 'c'.repeat(64), name: 'middle', image: 'x', config: {}, state: {} }
  engine.records.containers.insert({ ...record, createdAt: 3000 })
  expect(keep(engine, { before: ['middle'] })).toEqual(['web'])
  expect(keep(engine, { since: ['middle'] })).toEqual(['web-job'])
  expect(() => keep(engine, { before: ['absent'] })).toThrow(
    "Cannot filter containers by 'before=absent'",
  )
})
