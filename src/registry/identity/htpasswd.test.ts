import { expect, test } from 'bun:test'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { mkdtempDisposable } from '#platform'
import { checkPassword, checkUserName, parseUserLines } from './htpasswd.ts'
import { addUser, createUserDirectory, removeUser, setPassword } from './user-facts.ts'
import { openUserFile } from './user-file.ts'

/** bcrypt of `pw`, as `htpasswd -B` and as PHP write it. */
const hash = '$2b$10$XT13CbpdODaESO8YeVXI/.bKTuPylGLP1hHES1DhV1uM//A/.WkQC'
const apache = hash.replace('$2b$', '$2y$')

test('parseUserLines() accepts bcrypt of every spelling, and nothing weaker', () => {
  const text = [
    '# users',
    `alice:${hash}`,
    `bob@example.com:${apache}`,
    '',
    'carol:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=',
    'dave:$apr1$abc$def',
    `eve:${hash.replace('$10$', '$31$')}`,
    'nothing',
    `robot+ci:${hash}`,
  ].join('\r\n')
  const { users, bad } = parseUserLines(text)
  expect([...users.keys()]).toEqual(['alice', 'bob@example.com'])
  expect(bad).toEqual([
    { line: 5, reason: 'the password of carol is not hashed with bcrypt' },
    { line: 6, reason: 'the password of dave is not hashed with bcrypt' },
    { line: 7, reason: 'the bcrypt cost of eve is not 4 to 14' },
    { line: 8, reason: 'expected NAME:HASH' },
    { line: 9, reason: 'the name "robot+ci" is not allowed' },
  ])
})

test('checkUserName() and checkPassword() refuse what a file or bcrypt would distort', () => {
  for (const name of ['', 'a:b', 'a\nb', '-a', 'robot+x', 'a'.repeat(129)]) {
    expect(() => checkUserName(name)).toThrow('Cannot use')
  }
  expect(checkUserName('a.b-c_d@e')).toBe('a.b-c_d@e')
  expect(() => checkPassword('short')).toThrow('shorter than 8')
  expect(() => checkPassword('a'.repeat(73))).toThrow('longer than 72')
  expect(() => checkPassword(`${'a'.repeat(8)}\0`)).toThrow('Cannot use')
})

test('a file of users is private, and survives changes of several commands at once', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-users-')
  const path = `${directory.path}/auth/htpasswd`
  const names = ['u1', 'u2', 'u3', 'u4']
  await Promise.all(names.map((name) => addUser(openUserFile(path), name, `${name}-secret`)))
  expect((await openUserFile(path).list()).map(({ name }) => name).sort()).toEqual(names)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  await expect(addUser(openUserFile(path), 'u1', 'another-one')).rejects.toMatchObject({
    code: 'ALREADY_EXISTS',
  })
  await removeUser(openUserFile(path), 'u2')
  await expect(removeUser(openUserFile(path), 'u2')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(setPassword(openUserFile(path), 'u2', 'another-one')).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
  expect(await readFile(path, 'utf8')).not.toContain('secret')
})

test('openUserFile() checks passwords that Apache hashed, and takes a change up', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-users-')
  await mkdir(`${directory.path}/auth`)
  const path = `${directory.path}/auth/htpasswd`
  let time = 0
  const users = createUserDirectory(openUserFile(path, () => time))
  expect(await users.check('alice', 'pw')).toBeUndefined()
  await writeFile(path, `alice:${apache}\n`)
  time += 2000
  expect(await users.check('alice', 'pw')).toMatchObject({ kind: 'user', name: 'alice' })
  expect(await users.check('alice', 'wrong')).toBeUndefined()
  expect(await users.check('alice', '')).toBeUndefined()
  expect(await users.check('bob', 'pw')).toBeUndefined()
  // A line that cannot be used locks out nobody else.
  await writeFile(path, `broken\nalice:${apache}\n`)
  time += 2000
  expect(await users.find('alice')).toMatchObject({ name: 'alice' })
  await expect(openUserFile(path).list()).rejects.toThrow('line 1: expected NAME:HASH')
})
