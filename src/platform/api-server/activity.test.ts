import { expect, test } from 'bun:test'
import { createActivity } from './activity.ts'

test('onQuiet is called once after work, also while other work goes on', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  let calls = 0
  const activity = createActivity({
    onQuiet() {
      calls += 1
      resolve()
    },
  })
  const follow = activity.begin()
  for (let count = 0; count < 100; count++) activity.begin()()
  expect(calls).toBe(0)
  await promise
  await Bun.sleep(1200)
  expect(calls).toBe(1)
  follow()
})
