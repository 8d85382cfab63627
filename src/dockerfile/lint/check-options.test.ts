import { expect, test } from 'bun:test'
import { Problem } from '../problem.ts'
import { parseCheck } from './check-options.ts'

test('parseCheck() reads lists and switches', () => {
  expect(parseCheck(' skip = A, B ;error=TRUE;experimental=all')).toEqual({
    skip: ['A', 'B'],
    skipAll: false,
    error: true,
    experimental: [],
    experimentalAll: true,
  })
  expect(parseCheck('skip=all')).toMatchObject({ skip: [], skipAll: true })
  expect(parseCheck('error=0').error).toBe(false)
  expect(parseCheck(' ')).toMatchObject({ skip: [], skipAll: false, error: false })
})

test.each([
  ['foo=bar', 'invalid check option "foo"'],
  ['skip', 'invalid check option "skip"'],
  ['skip=A;', 'invalid check option ""'],
  ['SKIP=A', 'invalid check option "SKIP"'],
  ['error=yes', 'invalid check option "error=yes"'],
  ['error=', 'invalid check option "error="'],
])('parseCheck() refuses %p', (text, message) => {
  expect(() => parseCheck(text)).toThrow(new Problem('invalid-check', message))
})
