import { expect, test } from 'bun:test'
import { remembered } from './remembered.ts'

test('remembered() makes a result again when an input is another one', () => {
  let made = 0
  const sum = remembered((subject: { readonly base: number }, first: number, second: number) => {
    made += 1
    return subject.base + first + second
  })
  const [one, other] = [{ base: 1 }, { base: 1 }]
  expect([sum(one, 1, 2), sum(one, 1, 2), made]).toEqual([4, 4, 1])
  expect([sum(one, 1, 3), sum(one, 1, 2), made]).toEqual([5, 4, 3])
  expect([sum(other, 1, 2), made]).toEqual([4, 4])
})
