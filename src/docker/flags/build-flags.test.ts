import { expect, test } from 'bun:test'
import { parseBuildNetwork, parseTimestamp } from './build-flags.ts'

test('parseBuildNetwork() reads the networks of RUN', () => {
  expect(['bridge', 'default', 'none', 'host'].map(parseBuildNetwork)).toEqual([
    'default',
    'default',
    'none',
    'host',
  ])
  expect(() => parseBuildNetwork('mine')).toThrow('Cannot build with --network mine:')
})

test('parseTimestamp() reads now and seconds', () => {
  expect(parseTimestamp('now')).toBe('now')
  expect(parseTimestamp('1700000000')).toBe(1_700_000_000)
  for (const text of ['soon', '-1', '1.5']) {
    expect(() => parseTimestamp(text)).toThrow(`Cannot use --timestamp ${text}:`)
  }
})
