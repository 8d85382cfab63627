import { createHash } from 'node:crypto'
import { StrakeError } from '#oci'

/** A line of the file of users: a name and a bcrypt hash. */
export interface UserLine {
  readonly name: string
  readonly hash: string
}

/** A line that cannot be used, and why. */
export interface BadLine {
  readonly line: number
  readonly reason: string
}

/** The highest accepted cost. Each step doubles the time that one login takes: this one takes seconds. */
const mostCost = 14

/** bcrypt reads no more bytes of a password. */
const longestPassword = 72

/** Reads a file that `htpasswd -B` writes. Other hashes than bcrypt are weak, so they are refused. */
export function parseUserLines(text: string): {
  readonly users: ReadonlyMap<string, UserLine>
  readonly bad: readonly BadLine[]
} {
  const users = new Map<string, UserLine>()
  const bad: BadLine[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#')) continue
    const colon = trimmed.indexOf(':')
    const user = { name: trimmed.slice(0, colon), hash: trimmed.slice(colon + 1) }
    const reason = colon < 0 ? 'expected NAME:HASH' : findFault(user)
    if (reason === undefined) users.set(user.name, user)
    else bad.push({ line: index + 1, reason })
  }
  return { users, bad }
}

function findFault({ name, hash }: UserLine): string | undefined {
  if (!isUserName(name)) return `the name ${JSON.stringify(name.slice(0, 40))} is not allowed`
  const match = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(hash)
  if (match === null) return `the password of ${name} is not hashed with bcrypt`
  const cost = Number(match[1])
  return cost < 4 || cost > mostCost
    ? `the bcrypt cost of ${name} is not 4 to ${mostCost}`
    : undefined
}

export function formatUserLines(users: Iterable<UserLine>): string {
  return [...users].map(({ name, hash }) => `${name}:${hash}\n`).join('')
}

function isUserName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/.test(name)
}

/** Returns a name for a user or a robot. Throws `INVALID`. */
export function checkUserName(name: string): string {
  if (isUserName(name)) return name
  throw new StrakeError('INVALID', `Cannot use ${JSON.stringify(name.slice(0, 80))} as a name`, {
    remedy: 'use letters, digits and . _ @ -, and begin with a letter or a digit',
  })
}

/** Returns a password that can be stored. Throws `INVALID`. */
export function checkPassword(password: string): string {
  const length = Buffer.byteLength(password)
  if (length >= 8 && isStorable(password)) return password
  const reason =
    length < 8 ? 'it is shorter than 8 bytes' : `it is longer than ${longestPassword} bytes`
  throw new StrakeError('INVALID', `Cannot use the password: ${reason}`, {
    remedy: `choose one of 8 to ${longestPassword} bytes`,
  })
}

/** Returns true unless bcrypt would ignore the end of the password. */
export function isStorable(password: string): boolean {
  return Buffer.byteLength(password) <= longestPassword && !password.includes('\0')
}

/** Returns a text that changes with the password, to end what was given for an older one. */
export function markOf({ hash }: UserLine): string {
  return createHash('sha256').update(hash).digest('hex').slice(0, 16)
}
