import { expect, test } from 'bun:test'
import { parseBuildCall } from './call.ts'

test.each([
  [undefined, false, { method: 'build', format: 'text' }],
  [undefined, true, { method: 'check', format: 'text' }],
  ['check', true, { method: 'check', format: 'text' }],
  ['lint', false, { method: 'check', format: 'text' }],
  ['outline,format=json', false, { method: 'outline', format: 'json' }],
  ['TARGETS', false, { method: 'targets', format: 'text' }],
] as const)('parseBuildCall(%p, %p)', (text, isCheck, expected) => {
  expect(parseBuildCall(text, isCheck)).toEqual(expected)
})

test.each([
  ['outlin', false, 'did you mean outline?'],
  ['outline,format=xml', false, 'expected format=text or format=json'],
  ['outline', true, '--check is given, too'],
] as const)('parseBuildCall() refuses %p', (text, isCheck, reason) => {
  expect(() => parseBuildCall(text, isCheck)).toThrow(reason)
})
