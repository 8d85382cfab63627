import { expect, test } from 'bun:test'
import { requireRoot } from './require-root.ts'

test('requireRoot() checks the rights, and names the missing one for root', () => {
  const all = { mayMount: true, mayChown: true, ofRoot: true }
  expect(() => requireRoot('run x', all)).not.toThrow()
  expect(() => requireRoot('run x', { ...all, ofRoot: false })).not.toThrow()
  const cases = [
    [{ mayMount: false, mayChown: false, ofRoot: false }, 'strake must run as root'],
    [{ ...all, mayMount: false }, 'this process may not mount'],
    [{ ...all, mayChown: false }, 'this process may not change owners'],
  ] as const
  for (const [rights, reason] of cases) {
    expect(() => requireRoot('run x', rights)).toThrow(`Cannot run x: ${reason}`)
  }
})
