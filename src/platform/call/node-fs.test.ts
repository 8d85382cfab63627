import { expect, test } from 'bun:test'
import { sleep } from './node-fs.ts'

test('sleep() throws the reason of its signal', async () => {
  const reason = new Error('enough')
  const controller = new AbortController()
  const waiting = sleep(60_000, controller.signal)
  controller.abort(reason)
  expect(await waiting.catch((error: unknown) => error)).toBe(reason)
  expect(await sleep(0, controller.signal).catch((error: unknown) => error)).toBe(reason)
  await sleep(0, new AbortController().signal)
})
