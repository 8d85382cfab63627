import { expect, test } from 'bun:test'
import { parseBuildCall } from './call.ts'

test.each([
  [undefined, false, { method: 'build', format: 'text', ignoresStatus: false }],
  [undefined, true, { method: 'check', format: 'text', ignoresStatus: false }],
  ['check', true, { method: 'check', format: 'text', ignoresStatus: false }],
  ['lint', false, { method: 'check', format: 'text', ignoresStatus: false }],
  ['outline,format=json', false, { method: 'outline', format: 'json', ignoresStatus: false }],
  ['TARGETS', false, { method: 'targets', format: 'text', ignoresStatus: false }],
  [
    'subrequests.describe,format=json',
    false,
    { method: 'subrequests.describe', format: 'json', ignoresStatus: false },
  ],
  ['check,ignorestatus=true', false, { method: 'check', format: 'text', ignoresStatus: true }],
] as const)('parseBuildCall(%p, %p)', (text, isCheck, expected) => {
  expect(parseBuildCall(text, isCheck)).toEqual(expected)
})

test.each([
  ['outlin', false, 'did you mean outline?'],
  ['outline,format=xml', false, 'expected format=text or format=json'],
  ['check,ignorestatus=maybe', false, 'ignorestatus is true or false'],
  ['outline', true, '--check is given, too'],
] as const)('parseBuildCall() refuses %p', (text, isCheck, reason) => {
  expect(() => parseBuildCall(text, isCheck)).toThrow(reason)
})
