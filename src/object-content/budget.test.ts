import { expect, test } from 'bun:test'
import { Budget } from './budget.ts'

test('Budget gives what comes back to those that wait, in order', async () => {
  const budget = new Budget(100)
  expect(await budget.take(80)).toBe(80)
  const order: string[] = []
  const first = budget.take(60).then(() => order.push('first'))
  const second = budget.take(10).then(() => order.push('second'))
  expect(budget.tryTake(10)).toBe(false)
  budget.giveBack(80)
  await Promise.all([first, second])
  expect(order).toEqual(['first', 'second'])
})

test('Budget never gives more than twice its capacity', async () => {
  const budget = new Budget(100)
  await budget.take(100)
  let given = 0
  for (let count = 0; count < 3; count += 1) {
    void budget.take(60).then((bytes) => {
      given += bytes
    })
  }
  // The reserve opens after five seconds.
  await Bun.sleep(5500)
  expect(given).toBe(60)
  budget.giveBack(100)
  await Bun.sleep(0)
  expect(given).toBe(120 - 60)
  budget.giveBack(60)
  await Bun.sleep(0)
  expect(given).toBe(120)
  budget.giveBack(120)
}, 30_000)
