import { expect, test } from 'bun:test'
import type { HealthState } from '../observe/health.ts'
import { afterProbe, nextWait, timingOf } from './health.ts'

const fresh: HealthState = { Status: 'starting', FailingStreak: 0, Log: [] }
const probe = (ExitCode: number) => ({ Start: '', End: '', ExitCode, Output: '' })
const rules = { retries: 3, starting: false }

test('afterProbe() becomes unhealthy after as many failures in a row as allowed', () => {
  let state = fresh
  for (const expected of ['starting', 'starting', 'unhealthy', 'unhealthy'] as const) {
    state = afterProbe(state, probe(1), rules)
    expect(state.Status).toBe(expected)
  }
  expect(state.FailingStreak).toBe(4)
  expect(afterProbe(state, probe(0), rules)).toMatchObject({ Status: 'healthy', FailingStreak: 0 })
})

test('afterProbe() does not count failures while starting, unless it was healthy before', () => {
  const starting = { ...rules, starting: true }
  expect(afterProbe(fresh, probe(1), starting)).toMatchObject({ FailingStreak: 0, Log: [{}] })
  const healthy = afterProbe(fresh, probe(0), starting)
  expect(afterProbe(healthy, probe(1), starting)).toMatchObject({
    Status: 'healthy',
    FailingStreak: 1,
  })
})

test('afterProbe() keeps five results', () => {
  let state = fresh
  for (let code = 1; code <= 7; code++) state = afterProbe(state, probe(code), rules)
  expect(state.Log.map(({ ExitCode }) => ExitCode)).toEqual([3, 4, 5, 6, 7])
})

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
