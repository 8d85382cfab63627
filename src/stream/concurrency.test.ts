import { expect, test } from 'bun:test'
import { mapConcurrently, mapOrdered } from './concurrency.ts'

/** Lets every promise that is ready run. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

test('mapConcurrently() returns results in order and runs at most `limit` calls', async () => {
  let running = 0
  let most = 0
  const results = await mapConcurrently([5, 1, 4, 2, 3], 2, async (item, index) => {
    most = Math.max(most, ++running)
    for (let i = 0; i < item; i++) await turn()
    running--
    return `${index}:${item}`
  })
  expect(results).toEqual(['0:5', '1:1', '2:4', '3:2', '4:3'])
  expect(most).toBe(2)
})

test('mapConcurrently() aborts and awaits the running calls when one fails', async () => {
  const finished: number[] = []
  const reason = new Error('disk full')
  const mapping = mapConcurrently([0, 1, 2, 3], 2, async (item, _, signal) => {
    if (item === 0) throw reason
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    await turn()
    finished.push(item)
  })
  await expect(mapping).rejects.toBe(reason)
  expect(finished).toEqual([1])
})

test('mapConcurrently() rethrows the reason of its signal and starts nothing', async () => {
  const reason = new Error('interrupted')
  let calls = 0
  const mapping = mapConcurrently([1], 1, async () => calls++, AbortSignal.abort(reason))
  await expect(mapping).rejects.toBe(reason)
  expect(calls).toBe(0)
})

test('mapOrdered() yields in order while later items already run', async () => {
  const started: number[] = []
  async function* items(): AsyncGenerator<number> {
    yield* [3, 2, 1]
  }
  const output: number[] = []
  const mapped = mapOrdered(items(), 2, async (item) => {
    started.push(item)
    for (let i = 0; i < item; i++) await turn()
    return item * 10
  })
  for await (const value of mapped) {
    if (output.length === 0) expect(started).toEqual([3, 2])
    output.push(value)
  }
  expect(output).toEqual([30, 20, 10])
})
