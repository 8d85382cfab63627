import { expect, test } from 'bun:test'
import { healthcheckText, plainList, quotedList, runCommandText } from './history.ts'

test('quotedList() and plainList() print as Go does', () => {
  expect(quotedList(['a b', 'say "hi"'])).toBe('["a b" "say \\"hi\\""]')
  expect(quotedList([])).toBe('[]')
  expect(plainList(['a b', 'c'])).toBe('[a b c]')
})

test('runCommandText() has the declared arguments with their values before the command', () => {
  const argv = ['/bin/sh', '-c', 'make']
  expect(runCommandText(argv, ['A=1', 'B='])).toBe('|2 A=1 B= /bin/sh -c make')
  expect(runCommandText(argv, [])).toBe('/bin/sh -c make')
})

test('healthcheckText() prints every member as Go does', () => {
  const check = { Test: ['CMD', 'x', 'a b'], Interval: 1_500_000_000, Retries: 10 }
  expect(healthcheckText(check)).toBe(
    '{Test:[CMD x a b] Interval:1.5s Timeout:0s StartPeriod:0s StartInterval:0s Retries:10}',
  )
})
