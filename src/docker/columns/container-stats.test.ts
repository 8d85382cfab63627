import { expect, test } from 'bun:test'
import { statsRow } from './container-stats.ts'

test('statsRow() words the columns as Docker does', () => {
  const usage = {
    at: 0,
    cpuTime: 0,
    memory: 1_294_336,
    memoryLimit: 8_589_934_592,
    blockRead: 1_234_567,
    blockWritten: 0,
    pids: 2,
    received: 1016,
    sent: 126,
  }
  const stats = { id: 'a'.repeat(64), name: 'web', cpuPercent: 12.345, usage }
  expect(statsRow(stats, { trunc: true })).toEqual({
    BlockIO: '1.23MB / 0B',
    CPUPerc: '12.35%',
    Container: 'a'.repeat(12),
    ID: 'a'.repeat(12),
    MemPerc: '0.02%',
    MemUsage: '1.234MiB / 8GiB',
    Name: 'web',
    NetIO: '1.02kB / 126B',
    PIDs: '2',
  })
  expect(statsRow({ id: 'b', name: 'off', cpuPercent: 0 }, { trunc: false })).toMatchObject({
    ID: 'b',
    MemPerc: '0.00%',
    MemUsage: '0B / 0B',
    NetIO: '0B / 0B',
    PIDs: '0',
  })
})
