import { expect, test } from 'bun:test'
import { parseSignal } from './signal.ts'

test('parseSignal() reads names, numbers and real-time signals', () => {
  expect(['term', 'SIGTERM', 'Sigterm'].map(parseSignal)).toEqual(['SIGTERM', 'SIGTERM', 'SIGTERM'])
  expect(parseSignal('9')).toBe(9)
  expect(parseSignal('SIGRTMIN+3')).toBe(37)
  for (const text of ['', '0', '65', 'SIGNOPE', 'RTMIN+99']) {
    expect(() => parseSignal(text)).toThrow(`Cannot send signal ${text}: `)
  }
})
