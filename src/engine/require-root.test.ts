import { expect, test } from 'bun:test'
import { requireRoot } from './require-root.ts'

test('requireRoot() lets root alone through', () => {
  expect(() => requireRoot('run x', 0)).not.toThrow()
  expect(() => requireRoot('run x', 1000)).toThrow('Cannot run x: that takes the rights of root')
})
