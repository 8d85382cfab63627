import { expect, test } from 'bun:test'
import { startTimer } from './timer.ts'

function ringOf(milliseconds: number): Promise<number> {
  return new Promise((resolve) => startTimer(milliseconds, () => resolve(milliseconds)))
}

test('startTimer() waits for longer than the runtime can', async () => {
  const long = [2 ** 31, 2 ** 32, 2 ** 53, Number.POSITIVE_INFINITY]
  const rung: number[] = []
  const timers = long.map((time) => startTimer(time, () => rung.push(time)))
  await ringOf(30)
  expect(rung).toEqual([])
  for (const timer of timers) timer.cancel()
})

test('startTimer() calls at once for a time in the past, and not after it is cancelled', async () => {
  const rung: string[] = []
  startTimer(5, () => rung.push('cancelled')).cancel()
  await Promise.all([ringOf(-5), ringOf(0), ringOf(0.000_001), ringOf(30)])
  expect(rung).toEqual([])
  expect(() => startTimer(Number.NaN, () => {})).toThrow(RangeError)
})
