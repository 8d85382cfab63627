import { expect, test } from 'bun:test'
import { describeMiss } from './explain.ts'

const operation = JSON.stringify({ kind: 'run', argv: ['x'], env: ['a=1', 'PATH=/bin'] })
const before = { parts: { operation, parent: 'p', times: 't' }, files: { a: '1', b: '2' } }

const cases: readonly (readonly [string, Parameters<typeof describeMiss>[1]])[] = [
  ['b changed', { ...before, files: { a: '1', b: '3' } }],
  ['c was added', { ...before, files: { a: '1', b: '2', c: '1' } }],
  ['a was removed (and 1 more)', { ...before, files: {} }],
  [
    'the file system it starts from changed',
    { ...before, parts: { ...before.parts, parent: 'q' } },
  ],
  [
    'the environment changed: a',
    { ...before, parts: { ...before.parts, operation: operation.replace('a=1', 'a=2') } },
  ],
  [
    'the instruction changed',
    { ...before, parts: { ...before.parts, operation: operation.replace('"x"', '"y"') } },
  ],
  [
    'SOURCE_DATE_EPOCH or the timestamp option changed',
    { ...before, parts: { ...before.parts, times: 'u' } },
  ],
  ['its result is no longer in the store', before],
]

test.each(cases)('describeMiss() returns %p', (reason, now) => {
  expect(describeMiss(before, now)).toBe(reason)
})

test('describeMiss() has a sentence for a step without an earlier result', () => {
  expect(describeMiss(undefined, before)).toBe('it has not been done before')
})
