import { expect, test } from 'bun:test'
import { giveWay } from './give-way.ts'

test('giveWay() lets an event run, as promises do not', async () => {
  let hasRun = false
  setImmediate(() => {
    hasRun = true
  })
  for (let count = 0; count < 1000; count++) await Promise.resolve()
  expect(hasRun).toBe(false)
  await giveWay()
  expect(hasRun).toBe(true)
})

test('giveWay() throws when its signal has aborted', async () => {
  await expect(giveWay(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
})
