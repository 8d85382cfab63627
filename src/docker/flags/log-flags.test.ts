import { expect, test } from 'bun:test'
import { parseLogFlags } from './log-flags.ts'

test('parseLogFlags() reads a number of lines and times', () => {
  const times = { since: '2020-06-01T00:00:00Z', until: '1700000000' }
  expect(parseLogFlags({ tail: '20', ...times })).toEqual({
    tail: 20,
    since: new Date('2020-06-01'),
    until: new Date(1_700_000_000_000),
  })
  expect(parseLogFlags({ tail: 'all', follow: true })).toEqual({ follow: true })
})

test('parseLogFlags() names the invalid flag', () => {
  for (const tail of ['some', '-1', '1.5']) {
    expect(() => parseLogFlags({ tail })).toThrow(`Cannot use --tail ${tail}:`)
  }
  expect(() => parseLogFlags({ since: 'soon' })).toThrow('Cannot use --since soon:')
})
