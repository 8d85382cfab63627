import { StrakeError } from '#oci'
import { hashPassword } from '#platform'
import type { Identity } from '../policy/identity.ts'
import type { UserDirectory } from './directory.ts'
import { checkPassword, checkUserName, isStorable, markOf, type UserLine } from './htpasswd.ts'
import { PasswordChecks } from './password-checks.ts'

/** Where the users of a registry and the hashes of their passwords are recorded. */
export interface UserFacts {
  /** May answer by what was recorded a second ago. */
  find(name: string): Promise<UserLine | undefined>
  /** Throws `INVALID` for a record that cannot be used. */
  list(): Promise<readonly UserLine[]>
  /** Returns false when there is a user of that name. */
  add(user: UserLine): Promise<boolean>
  /** Sets the hash of a user. Returns false when there is none of that name. */
  replace(user: UserLine): Promise<boolean>
  /** Returns false when there is no user of that name. */
  remove(name: string): Promise<boolean>
}

/** Checks the passwords of recorded users. */
export function createUserDirectory(users: Pick<UserFacts, 'find'>): UserDirectory {
  const checks = new PasswordChecks()
  return {
    async check(name, password) {
      const user = await users.find(name)
      const isRight = isStorable(password) && (await checks.check(password, user?.hash))
      return isRight && user !== undefined ? identityOf(user) : undefined
    },
    async find(name) {
      const user = await users.find(name)
      return user && identityOf(user)
    },
  }
}

function identityOf(user: UserLine): Identity {
  return { kind: 'user', name: user.name, groups: [], secretMark: markOf(user) }
}

/** Adds a user. Throws `ALREADY_EXISTS`, and `INVALID` for a name or a password that cannot be. */
export async function addUser(users: UserFacts, name: string, password: string): Promise<void> {
  if (await users.add(await hashed(name, password))) return
  throw new StrakeError('ALREADY_EXISTS', `Cannot add the user ${name}: there is one already`, {
    remedy: `change the password with strake registry user passwd ${name}`,
  })
}

/** Sets the password of a user. Throws `NOT_FOUND`. */
export async function setPassword(users: UserFacts, name: string, password: string): Promise<void> {
  if (!(await users.replace(await hashed(name, password)))) throw noUser(name)
}

/** Removes a user. Throws `NOT_FOUND`. */
export async function removeUser(users: UserFacts, name: string): Promise<void> {
  if (!(await users.remove(name))) throw noUser(name)
}

async function hashed(name: string, password: string): Promise<UserLine> {
  return { name: checkUserName(name), hash: await hashPassword(checkPassword(password)) }
}

function noUser(name: string): StrakeError {
  return new StrakeError('NOT_FOUND', `Cannot find the user ${JSON.stringify(name.slice(0, 80))}`, {
    remedy: 'list the users with strake registry user ls',
  })
}
