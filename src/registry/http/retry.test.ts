import { expect, test } from 'bun:test'
import { StrakeError } from '#oci'
import { connectRegistry } from '../client/connect.ts'
import { expectCode } from '../testing/expect-code.ts'
import { instantRetries, manifest, peer, serveContent } from '../testing/fixtures.ts'
import { Backoff, connectionError, parseRetryAfter, RetryableError, withRetries } from './retry.ts'

const image = manifest()
const failing = (...statuses: readonly number[]) =>
  peer((request, count) => {
    const status = statuses[count - 1]
    if (status === undefined) return serveContent(request, image)
    return new Response(null, { status, headers: status === 429 ? { 'Retry-After': '7' } : {} })
  })

test('the client waits longer after each server error', async () => {
  const server = failing(503, 502, 504)
  const retry = instantRetries()
  const repository = connectRegistry('localhost', { fetch: server.fetch, retry }).repository('app')
  expect(await repository.resolve('1')).toEqual(image.descriptor)
  expect(retry.delays).toEqual([2000, 4000, 8000])
})

test('Retry-After is honoured', async () => {
  const server = failing(429)
  const retry = instantRetries()
  const repository = connectRegistry('localhost', { fetch: server.fetch, retry }).repository('app')
  await repository.resolve('1')
  expect(retry.delays).toEqual([7000])
})

test('a Retry-After of more than a minute fails at once and names the time', async () => {
  const server = peer(
    () => new Response(null, { status: 429, headers: { 'Retry-After': '86400' } }),
  )
  const retry = instantRetries()
  const repository = connectRegistry('localhost', { fetch: server.fetch, retry }).repository('app')
  await expect(repository.resolve('1')).rejects.toMatchObject({
    code: 'TOOMANYREQUESTS',
    remedy: 'try again in 24 h: the registry asks for that',
  })
  expect(server.requests.length).toBe(1)
})

test('every retry is reported with its reason and its wait', async () => {
  const messages: string[] = []
  const server = failing(503, 429)
  const retry = { ...instantRetries(), onRetry: (message: string) => messages.push(message) }
  const repository = connectRegistry('localhost', { fetch: server.fetch, retry }).repository('app')
  await repository.resolve('1')
  expect(messages).toEqual([
    expect.stringMatching(/^Cannot pull localhost\/app:1: .*; trying again in 2 s$/),
    expect.stringMatching(/^Cannot pull localhost\/app:1: .*; trying again in 7 s$/),
  ])
})

test('the client tries five times', async () => {
  const server = peer(() => new Response(null, { status: 503 }))
  const retry = instantRetries()
  const repository = connectRegistry('localhost', { fetch: server.fetch, retry }).repository('app')
  await expectCode(repository.resolve('1'), ['UNAVAILABLE'])
  expect(server.requests.length).toBe(5)
  expect(retry.delays).toEqual([2000, 4000, 8000, 16_000])
})

test('a refusal is not tried again', async () => {
  for (const status of [403, 404, 410, 451]) {
    const server = peer(() => new Response(null, { status }))
    const options = { fetch: server.fetch, retry: instantRetries() }
    const work = connectRegistry('localhost', options).repository('app').resolve('1')
    await work.catch(() => {})
    // The answer to GET has the reason of a refusal, which HEAD cannot have.
    const methods = server.requests.map(({ method }) => method)
    expect(methods).toEqual(status === 403 ? ['HEAD', 'GET'] : ['HEAD'])
  }
})

test('cancelling ends the wait and rethrows the reason', async () => {
  const controller = new AbortController()
  const server = peer(() => {
    setTimeout(() => controller.abort(new Error('enough')), 10)
    return new Response(null, { status: 503 })
  })
  const repository = connectRegistry('localhost', { fetch: server.fetch }).repository('app')
  await expect(repository.resolve('1', controller.signal)).rejects.toThrow('enough')
})

test('parseRetryAfter() reads seconds and dates', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  expect(parseRetryAfter('12', now)).toBe(12_000)
  expect(parseRetryAfter('Thu, 01 Jan 2026 00:00:30 GMT', now)).toBe(30_000)
  expect(parseRetryAfter('Wed, 31 Dec 2025 00:00:00 GMT', now)).toBe(0)
  expect(parseRetryAfter('soon', now)).toBeUndefined()
  expect(parseRetryAfter(null, now)).toBeUndefined()
})

test('withRetries() does not retry unknown errors', async () => {
  let tries = 0
  const work = async (): Promise<void> => {
    tries += 1
    throw new TypeError('a bug')
  }
  await expect(withRetries(work, instantRetries())).rejects.toThrow('a bug')
  expect(tries).toBe(1)
})

const passing = new RetryableError(new StrakeError('UNAVAILABLE', 'Cannot reach it: it is busy'))

test('Backoff waits a minute at most, plus a little random time, and starts again after progress', async () => {
  const retry = { ...instantRetries(20), random: () => 1 }
  const backoff = new Backoff(retry)
  for (let turn = 0; turn < 7; turn++) await backoff.wait(passing)
  expect(retry.delays).toEqual([2500, 5000, 9000, 17_000, 33_000, 61_000, 61_000])
  backoff.progressed()
  await backoff.wait(passing)
  expect(retry.delays.at(-1)).toBe(2500)
})

test('connectionError() rethrows the reason of the caller, and no other', () => {
  const cause = new TypeError('fetch failed')
  const reason = new Error('enough')
  expect(connectionError('r.example', cause, AbortSignal.abort(reason))).toBe(reason)
  expect(connectionError('r.example', cause, new AbortController().signal)).toMatchObject({
    code: 'UNAVAILABLE',
    message: 'Cannot reach r.example: the connection broke',
  })
})

test('connectionError() finds the reason in the causes of an error', () => {
  const refused = Object.assign(new Error('no'), { code: 'ECONNREFUSED' })
  for (const cause of [
    refused,
    new TypeError('fetch failed', { cause: refused }),
    new TypeError('fetch failed', { cause: new AggregateError([refused, new Error('other')]) }),
    new AggregateError([new TypeError('fetch failed', { cause: refused })]),
  ]) {
    const error = connectionError('r.example', cause)
    expect(error).toMatchObject({ message: 'Cannot reach r.example: connection refused' })
    expect(error).not.toBeInstanceOf(RetryableError)
  }
})

test('a name that no DNS server answers is tried again only where bytes came before', async () => {
  const cause = Object.assign(new TypeError('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' })
  const error = connectionError('r.example', cause)
  expect(error).toMatchObject({ message: 'Cannot reach r.example: no DNS server answers' })
  const retry = instantRetries()
  const backoff = new Backoff(retry)
  expect(await backoff.wait(error).catch((thrown: unknown) => thrown)).toBe(error)
  expect(retry.delays).toEqual([])
  const loading = new Backoff(retry)
  loading.progressed()
  await loading.wait(error)
  expect(retry.delays).toEqual([2000])
})
