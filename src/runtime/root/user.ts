import { StrakeError } from '#oci'
import type { ContainerView } from './container-view.ts'
import { readUserTable, type Table } from './user-table.ts'

/** The user of a process. */
export interface ResolvedUser {
  readonly uid: number
  readonly gid: number
  /** All groups, including the primary one, because some programs read only these. */
  readonly additionalGids: readonly number[]
  /** From `/etc/passwd`; `/` for an unlisted user. */
  readonly home: string
}

export interface ResolveUserOptions {
  /** More groups, by name or number (`--group-add`). */
  readonly groupAdd?: readonly string[] | undefined
}

/**
 * Resolves `user`, `uid`, `user:group` or `uid:gid` (empty: root) to numbers with the passwd and
 * group files of the container.
 *
 * Digits are always an ID: an image that lists a user *named* `1000` with ID 0 must not make `USER
 * 1000` root.
 */
export function resolveUser(
  view: ContainerView,
  spec: string,
  options: ResolveUserOptions = {},
): ResolvedUser {
  const [user = '', group] = splitSpec(spec)
  const passwd = readUserTable(view, '/etc/passwd')
  const groups = readUserTable(view, '/etc/group')
  const entry = findUser(passwd, user, spec)
  const gid = group === undefined ? entry.gid : findGroup(groups, group)
  const member = group === undefined ? groupsOf(groups, entry.name) : []
  const added = (options.groupAdd ?? []).map((name) => findGroup(groups, name))
  return {
    uid: entry.uid,
    gid,
    additionalGids: [...new Set([gid, ...member, ...added])],
    home: entry.home,
  }
}

function splitSpec(spec: string): readonly [string, string | undefined] {
  const colon = spec.indexOf(':')
  if (colon === -1) return [spec, undefined]
  const group = spec.slice(colon + 1)
  return [spec.slice(0, colon), group === '' ? undefined : group]
}

interface UserEntry {
  /** Absent for an ID that is not listed. */
  readonly name: string | undefined
  readonly uid: number
  readonly gid: number
  readonly home: string
}

function findUser(passwd: Table, user: string, spec: string): UserEntry {
  const id = user === '' ? 0 : parseId(user)
  const row = passwd.find((fields) =>
    id === undefined ? fields[0] === user : toId(fields[2]) === id,
  )
  if (row === undefined) {
    if (id !== undefined) return { name: undefined, uid: id, gid: 0, home: '/' }
    throw new StrakeError(
      'INVALID',
      `Cannot run as user ${spec}: unable to find user ${user} in the image's /etc/passwd`,
    )
  }
  const uid = id ?? toId(row[2])
  const gid = toId(row[3])
  if (uid === undefined || gid === undefined) {
    throw new StrakeError(
      'INVALID',
      `Cannot run as user ${spec}: its line in /etc/passwd is damaged`,
    )
  }
  const home = row[5]
  return { name: row[0], uid, gid, home: home?.startsWith('/') ? home : '/' }
}

function findGroup(groups: Table, group: string): number {
  const id = parseId(group) ?? toId(groups.find((fields) => fields[0] === group)?.[2])
  if (id !== undefined) return id
  throw new StrakeError(
    'INVALID',
    `Cannot run in group ${group}: unable to find group ${group} in the image's /etc/group`,
  )
}

function groupsOf(groups: Table, user: string | undefined): readonly number[] {
  if (user === undefined) return []
  return groups
    .filter((fields) => fields[3]?.split(',').includes(user))
    .map((fields) => toId(fields[2]))
    .filter((id) => id !== undefined)
}

/** The largest ID that every runtime accepts. */
const largestId = 0x7fffffff

/** A number written in the specification; `undefined` for a name. */
function parseId(text: string): number | undefined {
  if (!/^\d+$/.test(text)) return undefined
  const id = toId(text)
  if (id === undefined) {
    throw new StrakeError('INVALID', `Cannot use id ${text}: the largest is ${largestId}`)
  }
  return id
}

function toId(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined
  const id = Number(text)
  return id <= largestId ? id : undefined
}
