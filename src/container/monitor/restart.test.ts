import { expect, test } from 'bun:test'
import type { RestartPolicy } from '../model/options.ts'
import { nextDelay, shouldRestart } from './restart.ts'

const ending = { code: 1, ran: 5, stopRequested: false, restarts: 0 }
const policy = (name: RestartPolicy['name'], maximumRetryCount = 0): RestartPolicy => {
  return { name, maximumRetryCount }
}

test('shouldRestart() follows the policy', () => {
  expect(shouldRestart(policy('no'), ending)).toBe(false)
  expect(shouldRestart(policy('always'), { ...ending, code: 0 })).toBe(true)
  expect(shouldRestart(policy('unless-stopped'), ending)).toBe(true)
  expect(shouldRestart(policy('on-failure'), ending)).toBe(true)
  expect(shouldRestart(policy('on-failure'), { ...ending, code: 0 })).toBe(false)
  expect(shouldRestart(policy('on-failure', 2), { ...ending, restarts: 1 })).toBe(true)
  expect(shouldRestart(policy('on-failure', 2), { ...ending, restarts: 2 })).toBe(false)
})

test('shouldRestart() returns false after a stop', () => {
  for (const name of ['always', 'unless-stopped', 'on-failure'] as const) {
    expect(shouldRestart(policy(name), { ...ending, stopRequested: true })).toBe(false)
  }
})

test('nextDelay() doubles from 100 ms to a minute and starts again at 100 ms after a run of ten seconds', () => {
  let delay: number | undefined
  const delays = Array.from({ length: 12 }, () => {
    delay = nextDelay(delay, 0)
    return delay
  })
  expect(delays.slice(0, 3)).toEqual([100, 200, 400])
  expect(delays.at(-1)).toBe(60_000)
  expect(nextDelay(delay, 9_999)).toBe(60_000)
  expect(nextDelay(delay, 10_000)).toBe(100)
})
