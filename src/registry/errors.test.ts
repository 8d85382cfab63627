import { expect, test } from 'bun:test'
import { connectRegistry } from './client/connect.ts'
import { readErrorResponse } from './errors.ts'
import { instantRetries, peer } from './testing/fixtures.ts'

async function messageFor(response: () => Response): Promise<[string, string | undefined]> {
  const { fetch } = peer((request) =>
    request.method === 'HEAD' ? new Response(null, { status: response().status }) : response(),
  )
  const options = { fetch, retry: instantRetries(1) }
  const work = connectRegistry('localhost:5000', options).repository('app').resolve('1')
  const error = await work.catch((thrown) => thrown)
  return [error.message, error.remedy]
}

test('errors of a registry become one sentence with a remedy', async () => {
  expect(await messageFor(() => new Response(null, { status: 404 }))).toEqual([
    'Cannot pull localhost:5000/app:1: manifest unknown',
    undefined,
  ])
  expect(await messageFor(() => new Response(null, { status: 401 }))).toEqual([
    'Cannot pull localhost:5000/app:1: authentication required',
    'log in with strake login localhost:5000',
  ])
  expect(await messageFor(() => new Response(null, { status: 403 }))).toEqual([
    'Cannot pull localhost:5000/app:1: access denied',
    'log in with strake login localhost:5000',
  ])
})

test('an unreachable registry is reported in one sentence', async () => {
  const work = connectRegistry('127.0.0.1:9', { retry: instantRetries(1) })
    .repository('app')
    .resolve('1')
  const error = await work.catch((thrown) => thrown)
  expect(error.message).toBe('Cannot reach 127.0.0.1:9: connection refused')
  expect(error.remedy).toBe(
    'check that the registry is running and that its name and port are right',
  )
})

test('readErrorResponse() reads the message of any registry, without control characters', async () => {
  const read = async (body: string, status = 400) =>
    readErrorResponse(new Response(body, { status }))
  const oci = '{"errors":[{"code":"NAME_INVALID","message":"bad\\u001b[31m\\nname"}]}'
  expect(await read(oci)).toEqual({ status: 400, code: 'NAME_INVALID', message: 'bad [31m name' })
  expect(await read('{"details":"incorrect username"}', 401)).toEqual({
    status: 401,
    code: 'UNAUTHORIZED',
    message: 'incorrect username',
  })
  expect(await read('<html>', 502)).toEqual({ status: 502, code: 'UNAVAILABLE', message: '' })
  const strange = '{"errors":[{"code":"constructor","message":7}]}'
  expect((await read(strange, 404)).code).toBe('NOT_FOUND')
  const codeOf = async (code: string, status: number) =>
    (await read(JSON.stringify({ errors: [{ code }] }), status)).code
  expect(await codeOf('DENIED', 401)).toBe('DENIED')
  expect(await codeOf('BLOB_UPLOAD_INVALID', 416)).toBe('RANGE_INVALID')
  expect(await codeOf('BLOB_UPLOAD_INVALID', 409)).toBe('CONFLICT')
  expect(await codeOf('UNSUPPORTED', 404)).toBe('NOT_FOUND')
  expect(await codeOf('UNKNOWN', 500)).toBe('UNAVAILABLE')
})
