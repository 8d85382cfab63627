import { expect, test } from 'bun:test'
import { type FailureFacts, LoginGuard, networkOf } from './login-guard.ts'

/** A guard whose attempts end at once. */
function openRig(now: () => number, shared?: FailureFacts) {
  const guard = new LoginGuard(now, shared)
  const isFree = (address: string, user: string): Promise<boolean> =>
    guard.begin(address, user).then(
      () => true,
      () => false,
    )
  return {
    isFree,
    failed: async (address: string, user: string) => (await guard.begin(address, user)).failed(),
    succeeded: async (address: string, user: string) =>
      (await guard.begin(address, user)).succeeded(),
  }
}

test('LoginGuard makes each further try wait longer, up to a limit', async () => {
  let time = 0
  const { isFree, failed } = openRig(() => time)
  for (let count = 0; count < 5; count += 1) {
    expect(await isFree('192.0.2.1', 'alice')).toBe(true)
    await failed('192.0.2.1', 'alice')
  }
  expect([await isFree('192.0.2.1', 'bob'), await isFree('192.0.2.2', 'alice')]).toEqual([
    false,
    false,
  ])
  expect(await isFree('192.0.2.2', 'bob')).toBe(true)
  let wait = 1000
  for (let count = 0; count < 9; count += 1) {
    time += wait - 1
    expect(await isFree('192.0.2.1', 'bob')).toBe(false)
    time += 1
    await failed('192.0.2.1', 'alice')
    wait = Math.min(wait * 2, 300_000)
  }
  // A user waits ten seconds at most, so that nobody is locked out by others.
  time += 10_001
  expect([await isFree('192.0.2.2', 'alice'), await isFree('192.0.2.1', 'bob')]).toEqual([
    true,
    false,
  ])
  time += 300_000
  expect(await isFree('192.0.2.1', 'alice')).toBe(true)
})

test('LoginGuard clears the failures of a user at an address, and not those of others', async () => {
  let time = 0
  const { isFree, failed, succeeded } = openRig(() => time)
  for (let count = 0; count < 4; count += 1) await failed('192.0.2.1', 'alice')
  await succeeded('192.0.2.1', 'alice')
  for (let count = 0; count < 4; count += 1) await failed('192.0.2.1', 'alice')
  expect(await isFree('192.0.2.1', 'alice')).toBe(true)
  // Mallory has a login of its own, and guesses the password of bob between.
  for (let count = 0; count < 5; count += 1) {
    await failed('192.0.2.2', 'bob')
    if (count < 4) await succeeded('192.0.2.2', 'mallory')
  }
  expect(await isFree('192.0.2.2', 'carol')).toBe(false)
  // Bob logs in from his own address. Those who guess his password must wait all the same.
  time += 1000
  await succeeded('192.0.2.3', 'bob')
  await failed('192.0.2.5', 'bob')
  expect(await isFree('192.0.2.4', 'bob')).toBe(false)
})

test('LoginGuard holds a bounded number of failures', async () => {
  let time = 0
  const { isFree, failed } = openRig(() => time)
  for (let count = 0; count < 6; count += 1) {
    await failed('192.0.2.1', 'alice')
    time += 60_000
  }
  await failed('192.0.2.1', 'alice')
  expect(await isFree('192.0.2.1', 'alice')).toBe(false)
  for (let count = 0; count < 30_000; count += 1) {
    await failed(`10.0.${count >> 8}.${count & 255}`, `x${count}`)
  }
  expect(await isFree('192.0.2.1', 'alice')).toBe(true)
})

test('LoginGuard goes on by itself while the shared failures do not answer', async () => {
  const down = (): Promise<never> => Promise.reject(new Error('no database'))
  const { isFree, failed, succeeded } = openRig(() => 0, { find: down, add: down, clear: down })
  await failed('192.0.2.1', 'alice')
  await succeeded('192.0.2.1', 'alice')
  for (let count = 0; count < 5; count += 1) await failed('192.0.2.1', 'alice')
  expect(await isFree('192.0.2.1', 'alice')).toBe(false)
})

test('networkOf() counts an IPv6 network as one sender', () => {
  expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64')
  expect(networkOf('2001:db8::1')).toBe('2001:db8:0:0::/64')
  expect(networkOf('::1')).toBe('0:0:0:0::/64')
  expect(networkOf('192.0.2.1')).toBe('192.0.2.1')
})
