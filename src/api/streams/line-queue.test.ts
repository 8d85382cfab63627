import { expect, test } from 'bun:test'
import { lineQueue } from './line-queue.ts'

test('lineQueue() yields lines in order, at last those of the end', async () => {
  const queue = lineQueue()
  const read = Array.fromAsync(queue.lines)
  queue.add([{ a: 1 }, { a: 2 }])
  await Promise.resolve()
  queue.add([{ a: 3 }])
  queue.end([{ a: 4 }])
  expect(await read).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }, { a: 4 }])
})

test('lineQueue() drops the oldest lines of a client that does not read, never the last ones', async () => {
  const queue = lineQueue()
  for (let index = 0; index < 25_000; index++) queue.add([{ index }])
  queue.end([{ end: true }])
  const lines = await Array.fromAsync(queue.lines)
  expect(lines).toHaveLength(10_001)
  expect(lines[0]).toEqual({ index: 15_000 })
  expect(lines.at(-1)).toEqual({ end: true })
})
