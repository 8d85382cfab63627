import { expect, test } from 'bun:test'
import { withTurns } from './with-turns.ts'

test('a timer fires during an endless stream of bytes', async () => {
  let isOver = false
  async function* flood(): AsyncGenerator<Uint8Array> {
    const end = performance.now() + 5000
    while (!isOver && performance.now() < end) yield new Uint8Array(1)
  }
  setTimeout(() => {
    isOver = true
  }, 10)
  const start = performance.now()
  for await (const _ of withTurns(flood()));
  expect(isOver).toBe(true)
  expect(performance.now() - start).toBeLessThan(4000)
})

test('withTurns() yields every chunk in order', async () => {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let n = 0; n < 100; n++) yield new Uint8Array([n])
  }
  const seen: number[] = []
  for await (const chunk of withTurns(chunks())) seen.push(...chunk)
  expect(seen).toEqual(Array.from({ length: 100 }, (_, n) => n))
})
