import { expect, test } from 'bun:test'
import { tmpdir } from 'node:os'
import { mkdtempDisposable } from '#platform'
import { RateLimit } from './access/rate-limit.ts'
import { LoginGuard } from './identity/login-guard.ts'
import { RememberedLogins } from './identity/remembered-logins.ts'
import { addUser, createUserDirectory, removeUser } from './identity/user-facts.ts'
import { openUserFile } from './identity/user-file.ts'
import { Recent } from './proxy/recent.ts'

// A clock that was an hour ahead is corrected while the server runs.
const hour = 3_600_000
const start = 100 * hour

test('a clock that is set back locks nobody out', async () => {
  let time = start
  const now = (): number => time
  const guard = new LoginGuard(now)
  for (let tries = 0; tries < 5; tries += 1) {
    await (await guard.begin('192.0.2.1', 'alice')).failed()
  }
  expect(guard.begin('192.0.2.1', 'alice')).rejects.toThrow('too many failed logins')
  const limit = new RateLimit({ rate: 1, burst: 3, now })
  limit.take('user', 'alice')
  time -= hour
  await guard.begin('192.0.2.1', 'alice')
  limit.take('user', 'alice')
  limit.take('user', 'alice')
  expect(() => limit.take('user', 'alice')).toThrow('more than 1 requests per second')
})

test('a clock that is set back keeps no user and no tag alive', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-clock-')
  const path = `${directory.path}/htpasswd`
  let time = start
  const now = (): number => time
  await addUser(openUserFile(path), 'alice', 'alice-secret')
  const users = createUserDirectory(openUserFile(path, now))
  expect(await users.find('alice')).toMatchObject({ name: 'alice' })
  const logins = new RememberedLogins(now)
  const identity = { kind: 'user', name: 'alice', groups: [] } as const
  logins.add('alice', 'secret', { identity, directory: users })
  expect(await logins.find('alice', 'secret')).toEqual(identity)
  const tags = new Recent<string>(10, now)
  tags.set('app:1', 'one')
  expect(tags.get('app:1', 1000)).toBe('one')
  await removeUser(openUserFile(path), 'alice')
  time -= hour
  expect(await users.find('alice')).toBeUndefined()
  expect(await logins.find('alice', 'secret')).toBeUndefined()
  expect(tags.get('app:1', 1000)).toBeUndefined()
  expect(tags.age('app:1')).toBeUndefined()
})
