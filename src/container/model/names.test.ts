import { expect, test } from 'bun:test'
import { invalidName, isContainerName, randomId, randomName } from './names.ts'

test('randomName() makes valid names, and adds digits in later attempts', () => {
  for (let turn = 0; turn < 200; turn++) {
    expect(randomName()).toMatch(/^[a-z]+_[a-z]+$/)
    expect(isContainerName(randomName(turn % 8))).toBe(true)
  }
  expect(randomName(5)).toMatch(/^[a-z]+_[a-z]+\d+$/)
})

test('randomId() is 64 hexadecimal digits', () => {
  expect(randomId()).toMatch(/^[0-9a-f]{64}$/)
})

test('isContainerName() refuses names that look like an option or a path', () => {
  expect(['a.b-c_1', 'web'].every(isContainerName)).toBe(true)
  expect(['', 'a', '-a', '../a', 'a/b', 'a b', 'é1'].some(isContainerName)).toBe(false)
})

test('invalidName() says what a name needs', () => {
  expect(invalidName('x').message).toBe(
    'Cannot name a container x: a name has 2 to 255 letters, digits, _ . or -, and starts with a letter or digit',
  )
  expect(invalidName('').message).toStartWith("Cannot name a container '': a name has 2 to")
})
