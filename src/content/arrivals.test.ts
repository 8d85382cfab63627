import { expect, test } from 'bun:test'
import { sha256 } from '#oci'
import { fromBuffer, toBuffer } from '#stream'
import { Arrivals } from './arrivals.ts'

const digest = sha256('blob')
const { signal } = new AbortController()

test('of() waits for a blob, which can be read while it is received', async () => {
  const arrivals = new Arrivals()
  const waiting = arrivals.of(digest, signal)
  arrivals.begin(digest, () => fromBuffer(Buffer.from('bytes')))
  const blob = await waiting
  const bytes = blob.read?.()
  expect(bytes && Buffer.from(await toBuffer(bytes, 10)).toString()).toBe('bytes')
  const whole = blob.whole()
  arrivals.end(digest)
  await whole
  expect(blob.read).toBeUndefined()
})

test('endAll() ends all waits for blobs that are not received', async () => {
  const arrivals = new Arrivals()
  const early = arrivals.of(digest, signal)
  arrivals.endAll()
  await (await early).whole()
  await (await arrivals.of(sha256('another'), signal)).whole()
})

test('of() throws the reason of its signal, also while it waits for a whole blob', async () => {
  const arrivals = new Arrivals()
  const controller = new AbortController()
  const reason = new Error('interrupted')
  const waiting = arrivals.of(digest, controller.signal)
  arrivals.begin(sha256('another'), () => fromBuffer(new Uint8Array(0)))
  const begun = await arrivals.of(sha256('another'), controller.signal)
  const outcomes = Promise.allSettled([waiting, begun.whole()])
  controller.abort(reason)
  const rejected = { status: 'rejected', reason } as const
  expect(await outcomes).toEqual([rejected, rejected])
})
