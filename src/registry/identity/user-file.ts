import { channel } from 'node:diagnostics_channel'
import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StrakeError } from '#oci'
import { hashPassword, ignoreAbsent, lockFile, writeFileDurable } from '#platform'
import type { Identity } from '../policy/identity.ts'
import type { UserDirectory } from './directory.ts'
import {
  checkPassword,
  checkUserName,
  formatUserLines,
  isStorable,
  markOf,
  parseUserLines,
  type UserLine,
} from './htpasswd.ts'
import { PasswordChecks } from './password-checks.ts'
import { watchFile } from './watched-file.ts'

const badLines = channel('registry:bad-user-line')

/**
 * The users of an htpasswd file, which is read again when it changes. Then a line that cannot be
 * used is ignored and published, because a fault of one user must not lock out the others.
 */
export function openUserFile(path: string, now: () => number = Date.now): UserDirectory {
  const parse = (text: string): ReadonlyMap<string, UserLine> => {
    const { users, bad } = parseUserLines(text)
    for (const each of bad) badLines.publish({ path, ...each })
    return users
  }
  const file = watchFile(path, parse, now)
  const checks = new PasswordChecks()
  return {
    async check(name, password) {
      const user = (await file.read()).get(name)
      const isRight = isStorable(password) && (await checks.check(password, user?.hash))
      return isRight && user !== undefined ? identityOf(user) : undefined
    },
    async find(name) {
      const user = (await file.read()).get(name)
      return user && identityOf(user)
    },
  }
}

function identityOf(user: UserLine): Identity {
  return { kind: 'user', name: user.name, groups: [], secretMark: markOf(user) }
}

/** Returns the names in a file of users, in their order. Throws `INVALID` for a line that cannot be used. */
export async function listUsers(path: string): Promise<readonly string[]> {
  return [...(await readUsers(path)).keys()]
}

/** Adds a user. Throws `ALREADY_EXISTS`. */
export async function addUser(path: string, name: string, password: string): Promise<void> {
  await changeUsers(path, async (users) => {
    if (users.has(checkUserName(name))) {
      throw new StrakeError('ALREADY_EXISTS', `Cannot add the user ${name}: there is one already`, {
        remedy: `change the password with strake registry user passwd ${name}`,
      })
    }
    users.set(name, { name, hash: await hashPassword(checkPassword(password)) })
  })
}

/** Sets the password of a user. Throws `NOT_FOUND`. */
export async function setPassword(path: string, name: string, password: string): Promise<void> {
  await changeUsers(path, async (users) => {
    requireUser(users, name)
    users.set(name, { name, hash: await hashPassword(checkPassword(password)) })
  })
}

/** Removes a user. Throws `NOT_FOUND`. */
export async function removeUser(path: string, name: string): Promise<void> {
  await changeUsers(path, async (users) => {
    requireUser(users, name)
    users.delete(name)
  })
}

function requireUser(users: ReadonlyMap<string, UserLine>, name: string): void {
  if (users.has(name)) return
  throw new StrakeError('NOT_FOUND', `Cannot find the user ${JSON.stringify(name.slice(0, 80))}`, {
    remedy: 'list the users with strake registry user ls',
  })
}

async function changeUsers(
  path: string,
  change: (users: Map<string, UserLine>) => Promise<void>,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  using _lock = await lockFile(`${path}.lock`)
  const users = new Map(await readUsers(path))
  await change(users)
  await writeFileDurable(path, formatUserLines(users.values()), 0o600)
}

async function readUsers(path: string): Promise<ReadonlyMap<string, UserLine>> {
  const text = (await readFile(path, 'utf8').catch(ignoreAbsent)) ?? ''
  const { users, bad } = parseUserLines(text)
  const [first] = bad
  if (first === undefined) return users
  throw new StrakeError('INVALID', `Cannot use ${path}: line ${first.line}: ${first.reason}`, {
    remedy: 'write the line with htpasswd -B, or remove it',
  })
}
