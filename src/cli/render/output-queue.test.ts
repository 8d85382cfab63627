import { afterEach, beforeEach, expect, test } from 'bun:test'
import { closeSync, readSync } from 'node:fs'
import { makePipe } from '#platform'
import { noise } from '../../stream/testing/overwriting.ts'
import { OutputQueue } from './output-queue.ts'

let pipe: ReturnType<typeof makePipe>
beforeEach(() => {
  pipe = makePipe()
})
afterEach(() => {
  closeSync(pipe.read)
  closeSync(pipe.write)
})

test('write() returns without a reader, and every byte arrives in order', async () => {
  const queue = new OutputQueue({ fd: pipe.write })
  const content = noise(1_000_000)
  const chunk = Buffer.alloc(10_000)
  for (let at = 0; at < content.length; at += chunk.length) {
    chunk.set(content.subarray(at, at + chunk.length))
    queue.write(chunk)
  }
  chunk.fill(0xaa)
  const draining = queue.drained()
  expect(draining).toBeDefined()
  const read = Buffer.alloc(content.length)
  for (let at = 0; at < read.length; ) {
    at += readSync(pipe.read, read, at, Math.min(50_000, read.length - at), null)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  await draining
  expect(Buffer.compare(read, content)).toBe(0)
  expect(queue.drained()).toBeUndefined()
})

test('write() writes at once when there is room', () => {
  const queue = new OutputQueue({ fd: pipe.write })
  queue.write(Buffer.from('all of it'))
  expect(queue.drained()).toBeUndefined()
  const read = Buffer.alloc(100)
  expect(read.toString('utf8', 0, readSync(pipe.read, read))).toBe('all of it')
})
