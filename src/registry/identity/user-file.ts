import { channel } from 'node:diagnostics_channel'
import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StrakeError } from '#oci'
import { ignoreAbsent, lockFile, writeFileDurable } from '#platform'
import { formatUserLines, parseUserLines, type UserLine } from './htpasswd.ts'
import type { UserFacts } from './user-facts.ts'
import { watchFile } from './watched-file.ts'

const badLines = channel('registry:bad-user-line')

/**
 * The users of an htpasswd file. `find` reads it again when it changes, and then ignores and publishes a
 * line that cannot be used, because a fault of one user must not lock out the others.
 */
export function openUserFile(path: string, now: () => number = Date.now): UserFacts {
  const parse = (text: string): ReadonlyMap<string, UserLine> => {
    const { users, bad } = parseUserLines(text)
    for (const each of bad) badLines.publish({ path, ...each })
    return users
  }
  const file = watchFile(path, parse, now)
  return {
    find: async (name) => (await file.read()).get(name),
    list: async () => [...(await readUsers(path)).values()],
    add: ({ name, hash }) =>
      changeUsers(path, (users) => !users.has(name) && Boolean(users.set(name, { name, hash }))),
    replace: ({ name, hash }) =>
      changeUsers(path, (users) => users.has(name) && Boolean(users.set(name, { name, hash }))),
    remove: (name) => changeUsers(path, (users) => users.delete(name)),
  }
}

/** Writes the file if `change` returns true, and returns that. */
async function changeUsers(
  path: string,
  change: (users: Map<string, UserLine>) => boolean,
): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  using _lock = await lockFile(`${path}.lock`)
  const users = new Map(await readUsers(path))
  const isChanged = change(users)
  if (isChanged) await writeFileDurable(path, formatUserLines(users.values()), 0o600)
  return isChanged
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
