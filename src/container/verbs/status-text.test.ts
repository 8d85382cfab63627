import { expect, test } from 'bun:test'
import { createdState } from '../model/state.ts'
import { formatDuration, formatStatus } from './status-text.ts'

test('formatDuration() rounds as Docker does', () => {
  const texts: readonly (readonly [number, string])[] = [
    [0.5, 'Less than a second'],
    [1.2, '1 second'],
    [59, '59 seconds'],
    [61, 'About a minute'],
    [125, '2 minutes'],
    [3600, 'About an hour'],
    [2 * 3600, '2 hours'],
    [3 * 86_400, '3 days'],
    [15 * 86_400, '2 weeks'],
    [70 * 86_400, '2 months'],
    [800 * 86_400, '2 years'],
  ]
  for (const [seconds, text] of texts) expect(formatDuration(seconds)).toBe(text)
})

test('formatStatus() says what ps prints', () => {
  const now = Date.parse('2026-01-01T00:01:00Z')
  const times = { startedAt: '2026-01-01T00:00:57Z', finishedAt: '2026-01-01T00:00:00Z' }
  const text = (status: typeof createdState.status, health?: string): string =>
    formatStatus({ state: { ...createdState, ...times, status, exitCode: 3 }, health }, now)
  expect(text('running')).toBe('Up 3 seconds')
  expect(text('running', 'starting')).toBe('Up 3 seconds (health: starting)')
  expect(text('running', 'healthy')).toBe('Up 3 seconds (healthy)')
  expect(text('paused')).toBe('Up 3 seconds (Paused)')
  expect(text('exited')).toBe('Exited (3) About a minute ago')
  expect(text('restarting')).toBe('Restarting (3) About a minute ago')
  expect(text('created')).toBe('Created')
})
