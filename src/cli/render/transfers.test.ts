import { expect, test } from 'bun:test'
import { createTestOutput } from './testing/fixture.ts'
import { renderTransfers } from './transfers.ts'

const digest = (index: number): string => `sha256:${String(index).padStart(64, '0')}`
const id = (index: number): string => String(index).padStart(64, '0').slice(0, 12)

test('renderTransfers() prints one line per finished blob in a pipe', () => {
  const output = createTestOutput()
  const { emit, finish } = renderTransfers(output)
  const blob = { type: 'transfer', id: `sha256:${'ab'.repeat(32)}`, action: 'download' } as const
  emit({ type: 'status', message: 'latest: Pulling from host/app' })
  emit({ ...blob, current: 1, total: 10 })
  emit({ ...blob, current: 10, total: 10, done: true })
  finish()
  expect(output.text).toBe('latest: Pulling from host/app\nabababababab: Pull complete\n')
})

test('renderTransfers() redraws rows in place on a terminal', () => {
  const output = createTestOutput({ isTerminal: true, columns: 100 })
  const { emit, finish } = renderTransfers(output)
  const blob = { type: 'transfer', id: `sha256:${'ab'.repeat(32)}`, action: 'upload' } as const
  emit({ ...blob, current: 5_000_000, total: 10_000_000 })
  expect(output.screen()).toEqual([
    'abababababab: Pushing [===============>               ] 5MB/10MB',
  ])
  emit({ ...blob, current: 10_000_000, total: 10_000_000, done: true })
  finish()
  expect(output.screen()).toEqual(['abababababab: Pushed'])
})

test('renderTransfers() redraws nothing on a terminal that cannot redraw', () => {
  const output = createTestOutput({ isTerminal: true, canRedraw: false })
  const { emit, finish } = renderTransfers(output)
  const blob = { type: 'transfer', id: digest(1), action: 'download' } as const
  emit({ ...blob, current: 1, total: 10 })
  emit({ ...blob, current: 10, total: 10, done: true })
  finish()
  expect(output.text).toBe(`${id(1)}: Pull complete\n`)
})

test('renderTransfers() prints all rows at the end, even more than the screen has lines', () => {
  const output = createTestOutput({ isTerminal: true, rows: 5 })
  const { emit, finish } = renderTransfers(output)
  for (let index = 0; index < 20; index++) {
    const blob = { type: 'transfer', id: digest(index), action: 'download' } as const
    emit({ ...blob, current: 1, total: 2, done: true })
  }
  finish()
  expect(output.screen().length).toBeGreaterThan(0)
  expect(new Set(output.screen()).size).toBe(output.screen().length)
  expect(output.screen()[0]).toBe(`${id(0)}: Pull complete`)
})

test('renderTransfers() keeps messages above the rows', () => {
  const output = createTestOutput({ isTerminal: true })
  const { emit, finish } = renderTransfers(output)
  const blob = { type: 'transfer', action: 'download', current: 1, done: true } as const
  emit({ ...blob, id: 'sha256:aa' })
  emit({ type: 'warning', message: 'slow' })
  emit({ ...blob, id: 'sha256:bb' })
  finish()
  expect(output.screen()).toEqual(['aa: Pull complete', 'WARN: slow', 'bb: Pull complete'])
})

test('renderTransfers() drops the bar before the numbers in a narrow window', () => {
  const output = createTestOutput({ isTerminal: true, columns: 50 })
  const blob = { type: 'transfer', id: digest(1), action: 'download' } as const
  renderTransfers(output).emit({ ...blob, current: 5_000_000, total: 10_000_000 })
  expect(output.screen()).toEqual([`${id(1)}: Downloading 5MB/10MB`])
})

test('renderTransfers() names an archive that has no digest yet', () => {
  const output = createTestOutput()
  renderTransfers(output).emit({
    type: 'transfer',
    id: 'root\u001b.tar',
    action: 'read',
    current: 1,
    done: true,
  })
  expect(output.text).toBe('root\\u001b.tar: Read\n')
})
