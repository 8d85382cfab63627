import { StrakeError } from '#oci'
import { identifyProcess, ownIdentity, type ProcessIdentity } from '#platform'
import { fs, hasCode } from './file.ts'

/** `node:fs`, loaded when it is needed. What touches names alone takes less time than a thread does. */
const sync = (): typeof import('node:fs') => process.getBuiltinModule('node:fs')

/**
 * A directory of `ingest/` that this process holds. Its name says so:
 * `<id>@<pid>.<start time>.<boot>.<count>`. Taking and giving back are renames,
 * which are atomic, and a holder that died is told by its pid and start time;
 * so nothing has to be unlocked after a crash, and no two processes can take
 * over the same leftover.
 */
export interface Claim {
  readonly path: string
  /** Gives the directory back for somebody to resume. */
  release(): Promise<void>
  /** Removes the directory. */
  remove(): Promise<void>
}

let count = 0

/** Takes `<directory>/<id>`, made when it is not there; `undefined` while a living process holds it. */
export async function claim(directory: string, id: string): Promise<Claim | undefined> {
  const path = `${directory}/${id}@${ownName()}.${++count}`
  const free = `${directory}/${id}`
  let isMade = false
  for (;;) {
    const holder = findHolder(directory, id)
    if (holder?.isAlive) {
      // Another process was first to take a directory of its own.
      if (isMade) removeEmpty(free)
      return undefined
    }
    const leftover = holder === undefined ? free : `${directory}/${holder.name}`
    if (rename(leftover, path)) break
    isMade = make(free)
  }
  const remove = (): Promise<void> => fs().rm(path, { recursive: true, force: true })
  return {
    path,
    release: async () => {
      // Nothing was received: there is nothing to resume.
      if (!removeEmpty(path) && !rename(path, free)) await remove()
    },
    remove,
  }
}

/** An ingest on disk. */
export interface Leftover {
  readonly name: string
  readonly id: string
  readonly isAlive: boolean
}

/** Everything in `ingest/`, held or not. */
export function listIngests(directory: string): Leftover[] {
  const names = sync().readdirSync(directory)
  return names.map((name) => {
    const [id = '', owner] = name.split('@')
    return { name, id, isAlive: owner !== undefined && isAlive(owner) }
  })
}

export function heldByOther(id: string): StrakeError {
  return new StrakeError('CONFLICT', `Cannot resume ingest ${id}: another process holds it`)
}

function findHolder(directory: string, id: string): Leftover | undefined {
  const all = listIngests(directory).filter((each) => each.id === id && each.name !== id)
  return all.find((each) => each.isAlive) ?? all[0]
}

/** False when there is nothing to rename, or something in the way. */
function rename(from: string, to: string): boolean {
  return succeeds(() => sync().renameSync(from, to), 'ENOENT', 'ENOTEMPTY', 'EEXIST')
}

/** False when somebody else made it. */
function make(path: string): boolean {
  return succeeds(() => sync().mkdirSync(path, { mode: 0o700 }), 'EEXIST')
}

/** False when something is in it, or it is not there. */
function removeEmpty(path: string): boolean {
  return succeeds(() => sync().rmdirSync(path), 'ENOENT', 'ENOTEMPTY', 'EEXIST')
}

/** False when an action ends with one of these codes. */
function succeeds(action: () => unknown, ...codes: readonly string[]): boolean {
  try {
    action()
    return true
  } catch (error) {
    if (hasCode(error, ...codes)) return false
    throw error
  }
}

function ownName(): string {
  return nameOf(ownIdentity())
}

function nameOf({ pid, startTime, bootId }: ProcessIdentity): string {
  return `${pid}.${startTime}.${bootId.slice(0, 8)}`
}

function isAlive(owner: string): boolean {
  const identity = identifyProcess(Number.parseInt(owner, 10))
  return identity !== undefined && owner.startsWith(`${nameOf(identity)}.`)
}
