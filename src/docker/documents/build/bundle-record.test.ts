import { expect, test } from 'bun:test'
import type { BuildRecord } from '#engine/history/history'
import { bundleRecord, readBundleRecord } from './bundle-record.ts'

const record: BuildRecord = {
  id: 'a'.repeat(25),
  name: 'app (last)',
  status: 'error',
  error: 'it failed',
  startedAt: new Date('2026-01-02T03:04:05.678Z'),
  completedAt: new Date('2026-01-02T03:04:06.000Z'),
  context: '/home/me/app',
  dockerfile: 'Dockerfile',
  target: 'last',
  platforms: ['linux/amd64'],
  buildArgs: { A: '1' },
  labels: { l: '2' },
  contexts: { c: 'directory' },
  noCache: true,
  network: 'none',
  steps: { total: 3, completed: 2, cached: 1 },
  materials: [],
  digest: `sha256:${'b'.repeat(64)}`,
  names: ['localhost/app:1'],
}
const file = { mediaType: 'm', digest: 'd', size: 1 }

test("readBundleRecord() reads BuildKit's record back", () => {
  const written = bundleRecord(record, { logs: file, trace: file, attestations: [] }, 'linux/amd64')
  const read = readBundleRecord(JSON.parse(JSON.stringify(written)), '')
  expect(read).toEqual(record)
})

test('readBundleRecord() counts members of other types as absent', () => {
  expect(readBundleRecord({ CreatedAt: 7 }, 'x')).toBeUndefined()
  const times = { CreatedAt: { seconds: 1 }, CompletedAt: { seconds: 2 } }
  const hostile = { ...times, Ref: {}, FrontendAttrs: [1], numTotalSteps: 'x', error: 7 }
  expect(readBundleRecord(hostile, 'id')).toMatchObject({
    id: 'id',
    name: 'standard input',
    status: 'completed',
    steps: { total: 0, completed: 0, cached: 0 },
  })
})
