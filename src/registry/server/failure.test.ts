import { expect, test } from 'bun:test'
import { ContentMismatchError, type ErrorCode, StrakeError } from '#oci'
import { statusOf } from '../errors.ts'
import { describeFailure } from './failure.ts'

const specified = [
  'BLOB_UNKNOWN',
  'BLOB_UPLOAD_INVALID',
  'BLOB_UPLOAD_UNKNOWN',
  'DIGEST_INVALID',
  'MANIFEST_BLOB_UNKNOWN',
  'MANIFEST_INVALID',
  'MANIFEST_UNKNOWN',
  'NAME_INVALID',
  'NAME_UNKNOWN',
  'SIZE_INVALID',
  'UNAUTHORIZED',
  'DENIED',
  'UNSUPPORTED',
  'TOOMANYREQUESTS',
]

test('describeFailure() uses the codes of the specification below 500', () => {
  for (const code of Object.keys(statusOf) as ErrorCode[]) {
    const failure = describeFailure(new StrakeError(code, 'Cannot do it'))
    expect(failure.status).toBe(statusOf[code])
    if (failure.status < 500) expect(specified).toContain(failure.code)
  }
})

test('describeFailure() hides the message of every failure of the server', () => {
  const path = '/var/lib/secret'
  for (const error of [
    new Error(`EIO: ${path}`),
    new StrakeError('INTERNAL', `Cannot read ${path}`),
    new StrakeError('UNAVAILABLE', `Cannot store content in ${path}: no space is left`),
    Object.assign(new Error(`ENOSPC: no space left on device, open '${path}'`), { code: 'ENOSPC' }),
  ]) {
    const { status, message } = describeFailure(error)
    expect(status).toBeGreaterThanOrEqual(500)
    expect(message).not.toContain(path)
  }
})

test('describeFailure() answers 503 for a full disk anywhere among the causes', () => {
  for (const code of ['ENOSPC', 'EDQUOT', 'SQLITE_FULL']) {
    const cause = Object.assign(new Error(code), { code })
    const expected = {
      status: 503,
      code: 'UNAVAILABLE',
      message: 'Cannot store this: the registry has no space left',
    }
    expect(describeFailure(cause)).toEqual(expected)
    expect(describeFailure(new StrakeError('INTERNAL', 'x', { cause }))).toEqual(expected)
  }
})

test('describeFailure() shows both digests of other content', () => {
  expect(describeFailure(new ContentMismatchError('x', 'sha256:a', 'sha256:b'))).toMatchObject({
    status: 400,
    code: 'DIGEST_INVALID',
    detail: { expected: 'sha256:a', actual: 'sha256:b' },
  })
})
