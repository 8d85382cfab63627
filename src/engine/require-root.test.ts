import { expect, test } from 'bun:test'
import { requireRoot } from './require-root.ts'

test('requireRoot() asks for the rights, and tells root which one is missing', () => {
  const all = { mayMount: true, mayChown: true, ofRoot: true }
  expect(() => requireRoot('run x', all)).not.toThrow()
  expect(() => requireRoot('run x', { ...all, ofRoot: false })).not.toThrow()
  const cases = [
    [{ mayMount: false, mayChown: false, ofRoot: false }, 'it takes the rights of root'],
    [{ ...all, mayMount: false }, 'this process may not mount'],
    [{ ...all, mayChown: false }, 'this process may not change owners'],
  ] as const
  for (const [rights, reason] of cases) {
    expect(() => requireRoot('run x', rights)).toThrow(`Cannot run x: ${reason}`)
  }
})
