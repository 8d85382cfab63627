import { expect, test } from 'bun:test'
import type { BuildRecord } from '#engine/history/history'
import { encode } from '#grpc'
import { StatusResponse } from '../messages/status.ts'
import { readStatusFile } from './status-file.ts'

const record = { startedAt: new Date(1_000_000) } as BuildRecord

function fileOf(...messages: StatusResponse[]): Uint8Array {
  return Buffer.concat(
    messages.flatMap((message) => {
      const raw = encode(StatusResponse, message)
      const head = Buffer.alloc(4)
      head.writeUInt32LE(raw.length)
      return [head, raw]
    }),
  )
}

test('readStatusFile() reads steps, output and warnings with their times', () => {
  const started = { seconds: 1001, nanos: 500_000_000 }
  const completed = { seconds: 1002, nanos: 0 }
  const file = fileOf(
    { vertexes: [{ digest: 'a', name: 'RUN', started }] },
    { logs: [{ vertex: 'a', stream: 2, msg: Buffer.from('out\n'), timestamp: completed }] },
    { vertexes: [{ digest: 'a', name: 'RUN', started, completed, error: 'no' }] },
    { warnings: [{ vertex: 'a', short: Buffer.from('beware') }] },
  )
  const lines = readStatusFile(file, record).trim().split('\n')
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { at: 1500, event: { type: 'step', id: 'a', name: 'RUN', state: 'started' } },
    { at: 2000, event: { type: 'log', id: 'a', stream: 'stderr', text: 'out\n' } },
    { at: 2000, event: { type: 'step', id: 'a', name: 'RUN', state: 'failed', error: 'no' } },
    { at: 0, event: { type: 'warning', message: 'beware' } },
  ])
})

test('readStatusFile() refuses a file that ends too early', () => {
  const file = fileOf({ vertexes: [{ digest: 'a', name: 'RUN' }] })
  for (const length of [3, file.length - 1]) {
    expect(() => readStatusFile(file.subarray(0, length), record)).toThrow('it ends too early')
  }
})
