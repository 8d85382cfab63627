import { expect, test } from 'bun:test'
import { StrakeError } from '#oci'
import { describeError, renderError } from './error.ts'
import { createTestOutput } from './testing/fixture.ts'

test('describeError() returns one sentence and its remedy', () => {
  const error = new StrakeError('NOT_FOUND', 'Cannot find image x: no such image', {
    remedy: 'strake pull x',
  })
  expect(describeError(error)).toBe(
    'strake: Cannot find image x: no such image\n  try: strake pull x',
  )
})

test('describeError() explains errors of the system', () => {
  const full = Object.assign(new Error('ENOSPC: write'), { code: 'ENOSPC', path: '/a/b' })
  expect(describeError(full)).toStartWith('strake: Cannot use /a/b: no space left on the device')
  const directory = Object.assign(new Error('EISDIR: read'), { code: 'EISDIR' })
  expect(describeError(directory)).toBe('strake: Cannot continue: it is a directory')
})

test('describeError() escapes control characters in names and keeps the lines of an excerpt', () => {
  const error = new StrakeError('INVALID', 'Cannot build a\u001b[2J\n>>> RNU x')
  expect(describeError(error)).toBe('strake: Cannot build a\\u001b[2J\n>>> RNU x')
})

test('describeError() reports a bug of the program as a bug', () => {
  expect(describeError(new TypeError('x is not a function'))).toBe(
    'strake: Cannot continue because of a bug in strake: x is not a function\n' +
      '  try: run it again with strake --debug, and report what that prints',
  )
})

test('renderError() shows causes only with debug', () => {
  const error = new StrakeError('INTERNAL', 'Cannot do it', { cause: new Error('the reason') })
  const [quiet, loud] = [createTestOutput(), createTestOutput()]
  renderError(quiet, error, false)
  renderError(loud, error, true)
  expect(quiet.text).toBe('strake: Cannot do it\n')
  expect(loud.text).toContain('the reason')
})
