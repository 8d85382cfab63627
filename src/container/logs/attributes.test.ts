import { expect, test } from 'bun:test'
import { formatAttributes, logAttributes } from './attributes.ts'

const limits = { driver: 'json-file', maxSize: 1, maxFile: 1 } as const
const container = { labels: { tier: 'web', other: 'x' }, env: ['A=1=2', 'B=3'] }

test('logAttributes() keeps the labels and variables that the options name', () => {
  const log = { ...limits, labels: ['tier', 'absent'], env: ['A', 'C'] }
  expect(logAttributes({ ...container, log })).toEqual({ tier: 'web', A: '1=2' })
  expect(logAttributes({ ...container, log: limits })).toBeUndefined()
})

test('formatAttributes() orders and escapes', () => {
  expect(formatAttributes({ b: 'x,y=z', a: '1 2' })).toBe('a=1%202,b=x%2Cy%3Dz')
})
