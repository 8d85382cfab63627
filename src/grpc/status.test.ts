import { expect, test } from 'bun:test'
import { StrakeError } from '#oci'
import { formatTimeout, parseTimeout } from './deadline.ts'
import { formatTrailers, GrpcError, parseTrailers, toGrpcError } from './status.ts'

test('trailers carry code, message and details', () => {
  const details = [{ typeUrl: 'github.com/moby/buildkit/x+json', value: new Uint8Array([1, 2]) }]
  const error = new GrpcError('UNKNOWN', '100 % ü\nnext', { details })
  const trailers = formatTrailers(error)
  expect(trailers['grpc-status']).toBe('2')
  expect(trailers['grpc-message']).toBe('100 %25 %C3%BC%0Anext')
  const parsed = parseTrailers(trailers)
  expect(parsed?.code).toBe('UNKNOWN')
  expect(parsed?.message).toBe('100 % ü\nnext')
  expect(parsed?.details).toEqual(details)
})

test('parseTrailers() returns nothing for success, and an error for a missing status', () => {
  expect(parseTrailers({ 'grpc-status': '0' })).toBeUndefined()
  expect(parseTrailers({})?.code).toBe('UNKNOWN')
  expect(parseTrailers({ 'grpc-status': 'ERR_HTTP2_ERROR' })?.code).toBe('UNKNOWN')
})

test('parseTrailers() reads a message with broken escapes, and ignores broken details', () => {
  const error = parseTrailers({
    'grpc-status': '5',
    'grpc-message': '50% %zz %C3',
    'grpc-status-details-bin': '////',
  })
  expect(error?.code).toBe('NOT_FOUND')
  expect(error?.message).toStartWith('50% %zz ')
  expect(error?.details).toEqual([])
})

test('formatTrailers() limits the size of message and details', () => {
  const value = new Uint8Array(2_000_000)
  const error = new GrpcError('UNKNOWN', 'x'.repeat(50_000), {
    details: [{ typeUrl: 't', value }],
  })
  const trailers = formatTrailers(error)
  expect(trailers['grpc-message']).toHaveLength(16 * 1024)
  expect(trailers['grpc-status-details-bin']).toBeUndefined()
})

test('toGrpcError() keeps what is for the client, and hides failures of the program', () => {
  const missing = new StrakeError('NOT_FOUND', 'Cannot find x', { remedy: 'list them' })
  expect(toGrpcError(missing)).toMatchObject({
    code: 'NOT_FOUND',
    message: 'Cannot find x (list them)',
  })
  const secret = Object.assign(new Error('secret'), { code: 'ERR_HTTP2_ERROR' })
  expect(toGrpcError(secret)).toMatchObject({
    code: 'INTERNAL',
    message: 'Cannot answer the call: the server failed',
  })
})

test('timeouts are read and written in every unit', () => {
  const times = ['15S', '2M', '1H', '250m', '5000u', '1000000n'].map(parseTimeout)
  expect(times).toEqual([15_000, 120_000, 3_600_000, 250, 5, 1])
  expect([undefined, '', '5', 'xS', '123456789S'].map(parseTimeout)).toEqual(
    Array.from({ length: 5 }),
  )
  expect(parseTimeout('99999999H')).toBe(2 ** 31 - 1)
  expect([formatTimeout(0), formatTimeout(1500), formatTimeout(2e8)]).toEqual([
    '1m',
    '1500m',
    '200000S',
  ])
})
