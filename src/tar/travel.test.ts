import { expect, test } from 'bun:test'
import { mayTravel } from './travel.ts'

test.each([
  ['user.mime', true],
  ['security.capability', true],
  ['user.', false],
  ['user.overlay.opaque', false],
  ['trusted.overlay.redirect', false],
  ['trusted.anything', false],
  ['security.selinux', false],
  ['security.ima', false],
  ['security.evm', false],
  ['system.posix_acl_access', false],
  ['USER.x', false],
])('mayTravel() of %s is %p', (name, expected) => {
  expect(mayTravel(name)).toBe(expected)
})

test('mayTravel() accepts access control lists on request', () => {
  expect(mayTravel('system.posix_acl_access', true)).toBe(true)
  expect(mayTravel('system.posix_acl_default', true)).toBe(true)
  expect(mayTravel('system.nfs4_acl', true)).toBe(false)
})
