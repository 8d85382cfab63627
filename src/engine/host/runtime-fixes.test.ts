import { expect, test } from 'bun:test'
import { missingFixes } from './runtime-fixes.ts'

test('missingFixes() names the fixes that an old runc lacks', () => {
  expect(missingFixes('runc', '1.1.5+ds1')).toHaveLength(2)
  expect(missingFixes('runc', '1.1.15')).toHaveLength(1)
})

test('missingFixes() compares with the fixed version of the same release line', () => {
  expect(missingFixes('runc', '1.2.8')).toEqual([])
  expect(missingFixes('runc', '1.3.2')).toHaveLength(1)
  expect(missingFixes('runc', '1.5.0')).toEqual([])
})
