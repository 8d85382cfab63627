import { expect, test } from 'bun:test'
import { blob } from '../testing/fixtures.ts'
import { SeenContent } from './seen-content.ts'

const { descriptor } = blob('content')

test('SeenContent believes for a second, and only what was seen', () => {
  let now = 5000
  const seen = new SeenContent(() => now)
  expect(seen.isBelieved(descriptor)).toBe(false)
  seen.see(descriptor)
  now += 999
  expect(seen.isBelieved(descriptor)).toBe(true)
  expect(seen.isBelieved({ ...descriptor, size: descriptor.size + 1 })).toBe(false)
  now += 1
  expect(seen.isBelieved(descriptor)).toBe(false)
  seen.see(descriptor)
  expect(seen.isBelieved(descriptor)).toBe(true)
  seen.forget(descriptor.digest)
  expect(seen.isBelieved(descriptor)).toBe(false)
})

test('SeenContent remembers no more than 10,000', () => {
  const seen = new SeenContent(() => 0)
  const all = Array.from({ length: 10_001 }, (_, count) => blob(`content ${count}`).descriptor)
  for (const each of all) seen.see(each)
  expect(all.filter((each) => seen.isBelieved(each)).length).toBeLessThanOrEqual(10_000)
  expect(all.slice(-1).every((each) => seen.isBelieved(each))).toBe(true)
})
