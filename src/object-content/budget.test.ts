import { expect, test } from 'bun:test'
import { Budget } from './budget.ts'

const patience = 50

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

test('Budget lets those go on that wait for each other, while the bucket has nothing to take', async () => {
  const budget = new Budget(100, patience)
  const uploads = Array.from({ length: 10 }, async () => {
    const first = await budget.take(30)
    const second = await budget.take(30)
    budget.giveBack(first + second)
  })
  await Promise.all(uploads)
  expect(budget.tryTake(100)).toBe(true)
})

test('Budget gives at most twice its capacity while the bucket is silent, and then refuses', async () => {
  const budget = new Budget(100, patience)
  await budget.take(100)
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
  const sending = budget.sending(() => answered)
  await Bun.sleep(2 * patience)
  const asked = await Promise.allSettled([60, 60, 30].map((bytes) => budget.take(bytes)))
  expect(asked.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  const waiting = budget.take(60)
  answer()
  await sending
  expect(await waiting).toBe(60)
})
