import { expect, test } from 'bun:test'
import type { HealthState } from '../observe/health.ts'
import { afterProbe } from './health.ts'

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
