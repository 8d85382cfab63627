import { expect, test } from 'bun:test'
import type { ContainerSummary } from '#engine/container/summary'
import { formatStatus } from './container-status.ts'

test('formatStatus() formats every status of ps', () => {
  const now = new Date('2026-01-01T00:01:00Z')
  const times = {
    startedAt: new Date('2026-01-01T00:00:57Z'),
    finishedAt: new Date('2026-01-01T00:00:00Z'),
  }
  const text = (
    state: ContainerSummary['state'],
    health: ContainerSummary['health'] = 'none',
  ): string => formatStatus({ ...times, state, exitCode: 3, health }, now)
  expect(text('running')).toBe('Up 3 seconds')
  expect(text('running', 'starting')).toBe('Up 3 seconds (health: starting)')
  expect(text('running', 'healthy')).toBe('Up 3 seconds (healthy)')
  expect(text('paused')).toBe('Up 3 seconds (Paused)')
  expect(text('exited')).toBe('Exited (3) About a minute ago')
  expect(text('restarting')).toBe('Restarting (3) About a minute ago')
  expect(text('created')).toBe('Created')
})

test('formatStatus() shows no time when no process observed the end', () => {
  const state = { state: 'exited', exitCode: 137, health: 'none' } as const
  expect(formatStatus(state)).toBe('Exited (137) some time ago')
})
