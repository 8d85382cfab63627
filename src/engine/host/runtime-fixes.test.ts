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

test('missingFixes() sorts a candidate before its release', () => {
  const open = ['1.4.0-rc.1', '1.4.0-rc1', '1.4.0~rc2+ds1', 'v1.4.0-rc.2', '1.2.8-rc.1']
  expect(open.map((version) => missingFixes('runc', version).length)).toEqual([1, 1, 1, 1, 1])
  const fixed = ['1.4.0', '1.4.0-rc.3', '1.4.0+ds1-1', '1.4.1-rc.1', '1.5.0-rc.1', '1.3.10']
  expect(fixed.map((version) => missingFixes('runc', version).length)).toEqual([0, 0, 0, 0, 0, 0])
  expect(missingFixes('runc', '1.0.0-rc93')).toHaveLength(2)
  expect(missingFixes('runc', '1.0.0-rc6')).toHaveLength(3)
})

test('missingFixes() names all fixes for a release line older than every fixed one', () => {
  expect(missingFixes('runc', '0.1.1')).toHaveLength(3)
  expect(missingFixes('runc', 'unknown')).toHaveLength(3)
  expect(missingFixes('crun', '0.9')).toHaveLength(1)
  expect(missingFixes('crun', '1.8.1')).toEqual([])
})
