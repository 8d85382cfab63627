import { expect, test } from 'bun:test'
import { LoginGuard, networkOf } from './login-guard.ts'

test('LoginGuard makes each further try wait longer, up to a limit', () => {
  let time = 0
  const guard = new LoginGuard(() => time)
  const isFree = (address: string, user: string): boolean => {
    try {
      guard.check(address, user)
      return true
    } catch {
      return false
    }
  }
  for (let count = 0; count < 5; count += 1) {
    expect(isFree('192.0.2.1', 'alice')).toBe(true)
    guard.failed('192.0.2.1', 'alice')
  }
  expect([isFree('192.0.2.1', 'bob'), isFree('192.0.2.2', 'alice')]).toEqual([false, false])
  expect(isFree('192.0.2.2', 'bob')).toBe(true)
  time += 1000
  expect(isFree('192.0.2.1', 'alice')).toBe(true)
  for (let count = 0; count < 30; count += 1) guard.failed('192.0.2.1', 'alice')
  time += 10_001
  // A user waits ten seconds at most, so that nobody is locked out by others.
  expect([isFree('192.0.2.2', 'alice'), isFree('192.0.2.1', 'bob')]).toEqual([true, false])
  time += 300_000
  expect(isFree('192.0.2.1', 'alice')).toBe(true)
})

test('LoginGuard clears the failures of a user at an address, and not those of others', () => {
  const guard = new LoginGuard(() => 0)
  const check = (address: string, user: string) => () => guard.check(address, user)
  for (let count = 0; count < 4; count += 1) guard.failed('192.0.2.1', 'alice')
  guard.succeeded('192.0.2.1', 'alice')
  for (let count = 0; count < 4; count += 1) guard.failed('192.0.2.1', 'alice')
  expect(check('192.0.2.1', 'alice')).not.toThrow()
  // Mallory has a login of its own, and guesses the password of bob between.
  for (let count = 0; count < 5; count += 1) {
    guard.failed('192.0.2.2', 'bob')
    guard.succeeded('192.0.2.2', 'mallory')
  }
  expect(check('192.0.2.2', 'carol')).toThrow('too many failed logins')
  // Bob logs in from his own address. Those who guess his password must wait all the same.
  guard.succeeded('192.0.2.3', 'bob')
  expect(check('192.0.2.4', 'bob')).toThrow('too many failed logins')
})

test('LoginGuard holds a bounded number of failures', () => {
  const guard = new LoginGuard(() => 0)
  for (let count = 0; count < 6; count += 1) guard.failed('192.0.2.1', 'alice')
  for (let count = 0; count < 30_000; count += 1)
    guard.failed(`10.0.${count >> 8}.${count & 255}`, 'x')
  expect(() => guard.check('192.0.2.1', 'alice')).not.toThrow()
})

test('networkOf() counts an IPv6 network as one sender', () => {
  expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64')
  expect(networkOf('2001:db8::1')).toBe('2001:db8:0:0::/64')
  expect(networkOf('::1')).toBe('0:0:0:0::/64')
  expect(networkOf('192.0.2.1')).toBe('192.0.2.1')
})
