import { expect, test } from 'bun:test'
import type { RestartPolicy } from '../model/options.ts'
import { createdState } from '../model/state.ts'
import { inStartOrder, startsAtBoot } from './boot-start.ts'

const policy = (name: RestartPolicy['name'], maximumRetryCount = 0): RestartPolicy => {
  return { name, maximumRetryCount }
}
const ended = { ...createdState, status: 'exited', startedAt: '2026-01-01T00:00:00Z' } as const

test('startsAtBoot() follows the restart policy as Docker does', () => {
  const starts = (name: RestartPolicy['name'], exitCode: number, isStoppedByUser: boolean) =>
    startsAtBoot(policy(name), { state: { ...ended, exitCode }, isStoppedByUser })
  expect(starts('no', 1, false)).toBe(false)
  expect(starts('always', 0, false)).toBe(true)
  expect(starts('always', 0, true)).toBe(true)
  expect(starts('unless-stopped', 137, false)).toBe(true)
  expect(starts('unless-stopped', 137, true)).toBe(false)
  expect(starts('on-failure', 0, false)).toBe(false)
  expect(starts('on-failure', 137, false)).toBe(true)
})

test('startsAtBoot() starts no container that never ran, and keeps the limit of restarts', () => {
  const options = { state: createdState, isStoppedByUser: false }
  expect(startsAtBoot(policy('always'), options)).toBe(false)
  const state = { ...ended, exitCode: 1, restartCount: 2 }
  expect(startsAtBoot(policy('on-failure', 2), { state, isStoppedByUser: false })).toBe(false)
  expect(startsAtBoot(policy('on-failure', 3), { state, isStoppedByUser: false })).toBe(true)
})

test('inStartOrder() puts containers after those that they need', () => {
  const needs: Readonly<Record<string, readonly string[]>> = {
    web: ['app'],
    app: ['db', 'absent'],
    db: [],
    left: ['right'],
    right: ['left'],
  }
  const all = Object.keys(needs).map((id) => ({ id }))
  const ordered = inStartOrder(all, ({ id }) => needs[id] ?? [])
  expect(ordered.map(({ id }) => id)).toEqual(['db', 'app', 'web', 'right', 'left'])
})
