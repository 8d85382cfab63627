import { expect, test } from 'bun:test'
import type { HealthState } from './health.ts'
import { nextWait, timingOf } from './health-timing.ts'

const fresh: HealthState = { Status: 'starting', FailingStreak: 0, Log: [] }

test('timingOf() bounds the values of an image', () => {
  expect(timingOf({})).toEqual({
    interval: 30_000,
    timeout: 30_000,
    startPeriod: 0,
    startInterval: 5000,
    retries: 3,
  })
  expect(timingOf({ Interval: 1, Timeout: 999_999, StartPeriod: -5, Retries: -1 })).toMatchObject({
    interval: 1,
    timeout: 1,
    startPeriod: 0,
    retries: 3,
  })
  // Docker's zero stands for its default.
  expect(timingOf({ Interval: 0, Timeout: 0, StartInterval: 0, Retries: 0 })).toEqual(timingOf({}))
  expect(timingOf({ Interval: 2 ** 63 }).interval).toBe(2 ** 63 / 1_000_000)
})

test('nextWait() probes at the end of the start period, however long the start interval is', () => {
  const timing = timingOf({ Interval: 3e9, StartPeriod: 2e9, StartInterval: 30e9 })
  expect(nextWait(timing, fresh, 0)).toBe(2000)
  expect(nextWait(timing, fresh, 1999.5)).toBe(1)
  expect(nextWait(timing, fresh, 2000)).toBe(3000)
  expect(nextWait(timing, { ...fresh, Status: 'healthy' }, 0)).toBe(3000)
  expect(nextWait(timingOf({ StartPeriod: 9e9, StartInterval: 2e9 }), fresh, 0)).toBe(2000)
})
