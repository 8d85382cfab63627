import { expect, test } from 'bun:test'
import { parseLogFlags, parseLogOptions } from './log-flags.ts'

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

test('parseLogOptions() takes a tag for the journal, and no limits of files', () => {
  const words = ['tag={{.Name}}/{{ .ID }}', 'labels=a,b']
  expect(parseLogOptions('journald', words)).toEqual({
    driver: 'journald',
    tag: '{{.Name}}/{{ .ID }}',
    labels: ['a', 'b'],
  })
  for (const word of ['max-size=1m', 'max-file=2', 'tag={{.Nothing}}', 'tag={{.Name']) {
    expect(() => parseLogOptions('journald', [word])).toThrow(
      `Cannot use --log-opt ${word}: expected`,
    )
  }
  expect(parseLogOptions('json-file', ['tag=x'])).toEqual({ driver: 'json-file', tag: 'x' })
  expect(() => parseLogOptions('none', ['tag=x'])).toThrow('Cannot use --log-opt tag=x')
})

test('parseLogOptions() reads how much of the log may wait in memory', () => {
  const sizeOf = (...words: readonly string[]): number | undefined =>
    parseLogOptions(undefined, words).bufferSize
  expect(sizeOf()).toBeUndefined()
  expect(sizeOf('mode=blocking')).toBeUndefined()
  expect(sizeOf('mode=non-blocking')).toBe(1024 ** 2)
  expect(sizeOf('max-buffer-size=4m', 'mode=non-blocking')).toBe(4 * 1024 ** 2)
  expect(parseLogOptions('journald', ['mode=non-blocking'])).toEqual({
    driver: 'journald',
    bufferSize: 1024 ** 2,
  })
  const refused = [
    [['mode=fast'], 'Cannot use --log-opt mode=fast: expected mode=blocking or mode=non-blocking'],
    [['max-buffer-size=4m'], "only supported with 'mode=non-blocking'"],
    [['max-buffer-size=4m', 'mode=blocking'], "only supported with 'mode=non-blocking'"],
    [['max-buffer-size=x', 'mode=non-blocking'], 'expected a size such as 10m'],
    [['max-buffer-size=0', 'mode=non-blocking'], 'expected a size such as 10m'],
  ] as const
  for (const [words, reason] of refused) expect(() => sizeOf(...words)).toThrow(reason)
})
