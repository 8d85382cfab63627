import { expect, test } from 'bun:test'
import { parseCgroupParent, parseRestart, parseUlimit } from './limits.ts'

test('parseUlimit() reads soft and hard limits, and -1 for none', () => {
  const limit = (text: string): unknown => {
    const { type, soft, hard } = parseUlimit(text)
    return [type, soft, hard]
  }
  expect(limit('nofile=10:20')).toEqual(['RLIMIT_NOFILE', 10, 20])
  expect(limit('core=0')).toEqual(['RLIMIT_CORE', 0, 0])
  expect(limit('core=-1')).toEqual(['RLIMIT_CORE', -1, -1])
  expect(limit('memlock=-1:-1')).toEqual(['RLIMIT_MEMLOCK', -1, -1])
  expect(limit('stack=5:-1')).toEqual(['RLIMIT_STACK', 5, -1])
})

test('parseUlimit() refuses everything else', () => {
  for (const [text, reason] of [
    ['', 'expected NAME=SOFT[:HARD]'],
    ['nofile', 'expected NAME=SOFT[:HARD]'],
    ['nofile=', 'expected NAME=SOFT[:HARD]'],
    ['nofile=10:20:30', 'expected NAME=SOFT[:HARD]'],
    ['nofile=10:', 'expected NAME=SOFT[:HARD]'],
    ['nofile=1.5', 'expected NAME=SOFT[:HARD]'],
    ['nofile=0x10', 'expected NAME=SOFT[:HARD]'],
    ['nofile=-2', 'expected NAME=SOFT[:HARD]'],
    ['nofile= 1', 'expected NAME=SOFT[:HARD]'],
    ['nofile=20:10', 'above the hard one'],
    ['nofile=-1:5', 'above the hard one'],
    ['foo=1', 'there is no limit foo'],
  ] as const) {
    expect(() => parseUlimit(text)).toThrow(reason)
  }
})

test('parseRestart() accepts a count for on-failure only', () => {
  expect(parseRestart('on-failure:3')).toEqual({ name: 'on-failure', maximumRetryCount: 3 })
  expect(parseRestart('on-failure')).toEqual({ name: 'on-failure', maximumRetryCount: 0 })
  expect(parseRestart('always')).toEqual({ name: 'always', maximumRetryCount: 0 })
  for (const [text, reason] of [
    ['always:3', 'only on-failure takes a count'],
    ['no:1', 'only on-failure takes a count'],
    ['unless-stopped:1', 'only on-failure takes a count'],
    ['on-failure:-1', '-1 is not a count'],
    ['on-failure:x', 'x is not a count'],
    ['on-failure:', 'is not a count'],
    [':3', 'expected no'],
    ['often', 'expected no'],
  ] as const) {
    expect(() => parseRestart(text)).toThrow(reason)
  }
})

test('parseCgroupParent() accepts paths that stay below the hierarchy', () => {
  expect(parseCgroupParent('a/b')).toBe('/a/b')
  expect(parseCgroupParent('/system.slice/')).toBe('/system.slice')
  for (const text of ['', '/', '..', 'a/../../b', 'a b', 'a/./b', 'a\0b']) {
    expect(() => parseCgroupParent(text)).toThrow('Cannot use --cgroup-parent')
  }
})
