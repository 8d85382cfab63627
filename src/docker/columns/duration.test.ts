import { expect, test } from 'bun:test'
import { formatDuration } from './duration.ts'

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
