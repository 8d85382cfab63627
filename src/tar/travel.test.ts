import { expect, test } from 'bun:test'
import { mayTravel } from './travel.ts'

// RELIABILITY A12
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
])('mayTravel() says of %s: %p', (name, expected) => {
  expect(mayTravel(name)).toBe(expected)
})

test('mayTravel() lets access control lists travel when asked', () => {
  expect(mayTravel('system.posix_acl_access', true)).toBe(true)
  expect(mayTravel('system.posix_acl_default', true)).toBe(true)
  expect(mayTravel('system.nfs4_acl', true)).toBe(false)
})
