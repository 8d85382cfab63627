import { expect, test } from 'bun:test'
import { isSignal } from './signals.ts'

test('isSignal() accepts Linux signals by number and name', () => {
  const good = ['1', '64', 'SIGTERM', 'term', 'SIGRTMIN', 'SIGRTMIN+15', 'RTMAX-14', 'sigwinch']
  const bad = [
    '0',
    '65',
    '-1',
    '',
    'SIG',
    'SIGFOO',
    'SIGRTMIN-1',
    'SIGRTMIN+31',
    '9 ',
    'SIGSIGTERM',
  ]
  expect(good.filter((text) => !isSignal(text))).toEqual([])
  expect(bad.filter((text) => isSignal(text))).toEqual([])
})
