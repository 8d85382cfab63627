import { expect, test } from 'bun:test'
import { TextBudget } from './text-budget.ts'

test('TextBudget.take() returns false after 16 MiB', () => {
  const budget = new TextBudget()
  expect(budget.take(16 * 1024 * 1024)).toBe(true)
  expect(budget.take(0)).toBe(true)
  expect(budget.take(1)).toBe(false)
})

test('TextBudget.take() ignores negative lengths', () => {
  const budget = new TextBudget()
  expect(budget.take(-100)).toBe(true)
  expect(budget.take(16 * 1024 * 1024 + 1)).toBe(false)
})
