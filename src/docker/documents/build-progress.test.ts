import { expect, test } from 'bun:test'
import { createProgressDocuments } from './build-progress.ts'

test('createProgressDocuments() makes the documents of BuildKit', () => {
  let now = 0
  const documentOf = createProgressDocuments(() => now)
  const step = { type: 'step', id: 'sha256:a', name: '[1/2] RUN x' } as const
  const vertex = {
    digest: 'sha256:a',
    name: '[1/2] RUN x',
    started: '1970-01-01T00:00:00.000Z',
  }
  expect(documentOf({ ...step, state: 'started' })).toEqual({ vertexes: [vertex] })
  now = 1500
  const timestamp = '1970-01-01T00:00:01.500Z'
  const data = new TextEncoder().encode('hi\n')
  expect(documentOf({ type: 'log', id: 'sha256:a', stream: 'stderr', data })).toEqual({
    logs: [{ vertex: 'sha256:a', stream: 2, data: 'aGkK', timestamp }],
  })
  expect(documentOf({ ...step, state: 'failed', error: 'exit code: 1' })).toEqual({
    vertexes: [{ ...vertex, completed: timestamp, error: 'exit code: 1' }],
  })
  expect(documentOf({ ...step, id: 'sha256:b', state: 'cached' })).toEqual({
    vertexes: [
      { ...vertex, digest: 'sha256:b', started: timestamp, completed: timestamp, cached: true },
    ],
  })
})

test('createProgressDocuments() has transfers as statuses, and warnings with their line', () => {
  const documentOf = createProgressDocuments(() => 0)
  const time = '1970-01-01T00:00:00.000Z'
  const transfer = { type: 'transfer', id: 'sha256:l', action: 'download' } as const
  expect(documentOf({ ...transfer, current: 5, total: 9 })).toEqual({
    statuses: [{ id: 'sha256:l', total: 9, current: 5, timestamp: time, started: time }],
  })
  const place = { file: 'Dockerfile', line: 3, text: 'ENV A=$B' }
  expect(documentOf({ type: 'warning', rule: 'UndefinedVar', message: 'no $B', place })).toEqual({
    warnings: [
      {
        level: 1,
        short: Buffer.from('UndefinedVar: no $B (line 3)').toString('base64'),
        sourceInfo: { filename: 'Dockerfile' },
        range: [{ start: { line: 3 }, end: { line: 3 } }],
      },
    ],
  })
})
