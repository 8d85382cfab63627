import { expect, test } from 'bun:test'
import { healthcheckText, plainList, plainSet, quotedList, runCommandText } from './history.ts'

test('quotedList(), plainList() and plainSet() print as Go does', () => {
  expect(quotedList(['a b', 'say "hi"'])).toBe('["a b" "say \\"hi\\""]')
  expect(quotedList([])).toBe('[]')
  expect(plainList(['a b', 'c'])).toBe('[a b c]')
  expect(plainSet(['80/tcp', '443/tcp'])).toBe('map[443/tcp:{} 80/tcp:{}]')
})

test('runCommandText() has the declared arguments with their values before the command', () => {
  const argv = ['/bin/sh', '-c', 'make']
  const scope = new Map([
    ['A', '1'],
    ['PATH', '/bin'],
  ])
  expect(runCommandText(argv, { args: new Set(['A', 'B']), scope })).toBe(
    '|2 A=1 B= /bin/sh -c make',
  )
  expect(runCommandText(argv, { args: new Set(), scope })).toBe('/bin/sh -c make')
})

const retries: readonly (readonly [number | undefined, string])[] = [
  [undefined, "'\\x00'"],
  [3, "'\\x03'"],
  [10, "'\\n'"],
  [39, "'\\''"],
  [65, "'A'"],
]

test.each(retries)('healthcheckText() prints %p retries as Go does', (count, printed) => {
  const check = { Test: ['CMD', 'x'], Interval: 1_500_000_000, Retries: count }
  expect(healthcheckText(check as Parameters<typeof healthcheckText>[0])).toBe(
    `&{["CMD" "x"] "1.5s" "0s" "0s" "0s" ${printed}}`,
  )
})
