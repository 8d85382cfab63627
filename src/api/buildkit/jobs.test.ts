import { expect, test } from 'bun:test'
import { decode } from '#grpc'
import { Jobs } from './jobs.ts'
import { ReturnRequest } from './messages/bridge.ts'
import { SolveRequest } from './messages/control.ts'

const request = decode(SolveRequest, new Uint8Array())
const { signal } = new AbortController()

test('use() gives one job to all calls of a build, whichever comes first', async () => {
  const jobs = new Jobs()
  using early = jobs.use('a')
  const asked = early.job.request(signal)
  using late = jobs.use('a')
  expect(late.job).toBe(early.job)
  late.job.begin(request)
  expect(await asked).toBe(request)
  const returned = decode(ReturnRequest, new Uint8Array())
  early.job.finish(returned)
  expect(await late.job.returned(signal)).toBe(returned)
  using other = jobs.use('b')
  expect(other.job).not.toBe(early.job)
})

test('begin() refuses a build that runs, and use() one without a reference', () => {
  const jobs = new Jobs()
  using used = jobs.use('a')
  used.job.begin(request)
  expect(() => used.job.begin(request)).toThrow('Cannot build a: it runs already')
  expect(() => jobs.use('')).toThrow('without a reference')
})

test('end() ends everything that waits for the client', async () => {
  using used = new Jobs().use('a')
  const { job } = used
  const returned = job.returned(signal)
  job.end(new Error('left'))
  await expect(returned).rejects.toThrow('left')
  expect(job.signal.aborted).toBe(true)
  expect(await Array.fromAsync(job.log.read(signal))).toEqual([])
})

test('returned() ends with the call that waits', async () => {
  const abort = new AbortController()
  using used = new Jobs().use('a')
  const returned = used.job.returned(abort.signal)
  abort.abort(new Error('gone'))
  await expect(returned).rejects.toThrow('gone')
})
