import { StrakeError } from '#oci'
import { fsPromises, identifyProcess, ownIdentity, type ProcessIdentity } from '#platform'
import { hasCode } from './file.ts'

/** Returns `node:fs`, loaded at the first use. Its synchronous calls are faster here than a round trip to a thread. */
const sync = (): typeof import('node:fs') => process.getBuiltinModule('node:fs')

/**
 * A directory of `ingest/` that this process holds. Its name contains the holder:
 * `<id>@<pid>.<start time>.<boot>.<count>`. Claims are taken and released by rename, which is
 * atomic. Pid and start time show whether the holder still runs, so that a claim needs no unlocking
 * after a crash, and two processes cannot take over one directory.
 */
export interface Claim {
  readonly path: string
  /** Releases the directory, so that another process can resume it. */
  release(): Promise<void>
  /** Removes the directory. */
  remove(): Promise<void>
}

let count = 0

/**
 * Takes `<directory>/<id>` and creates it if absent. Returns `undefined` while a living process
 * holds it.
 */
export async function claim(directory: string, id: string): Promise<Claim | undefined> {
  const path = `${directory}/${id}@${ownName()}.${++count}`
  const free = `${directory}/${id}`
  let isMade = false
  for (;;) {
    const holder = findHolder(directory, id)
    if (holder?.isAlive) {
      // Another process took the directory first.
      if (isMade) removeEmpty(free)
      return undefined
    }
    const leftover = holder === undefined ? free : `${directory}/${holder.name}`
    if (rename(leftover, path)) break
    isMade = make(free)
  }
  const remove = async (): Promise<void> => {
    // Published content has left the directory.
    if (!removeEmpty(path)) await fsPromises().rm(path, { recursive: true, force: true })
  }
  return {
    path,
    release: async () => {
      // No byte was received, so there is nothing to resume.
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

/** Lists all of `ingest/`, held or not. */
export function listIngests(directory: string): Leftover[] {
  return sync().readdirSync(directory).map(describe)
}

/** Checks the process that holds it, which takes one or two system calls. */
function describe(name: string): Leftover {
  const [id = '', owner] = name.split('@')
  return { name, id, isAlive: owner !== undefined && isAlive(owner) }
}

/** True while a living process holds the ingest. */
export function isClaimed(directory: string, id: string): boolean {
  return findHolder(directory, id)?.isAlive === true
}

/** Pause in milliseconds between two checks whether another process has released a claim. */
const patience = 50

export function pauseForHolder(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, patience))
}

export function heldByOther(id: string): StrakeError {
  return new StrakeError('CONFLICT', `Cannot resume ingest ${id}: another process holds it`)
}

function findHolder(directory: string, id: string): Leftover | undefined {
  const names = sync().readdirSync(directory)
  const all = names.filter((name) => name.startsWith(`${id}@`)).map(describe)
  return all.find((each) => each.isAlive) ?? all[0]
}

/** Returns false when the source is absent or the target exists. */
function rename(from: string, to: string): boolean {
  return succeeds(() => sync().renameSync(from, to), 'ENOENT', 'ENOTEMPTY', 'EEXIST')
}

/** Returns false when another process made it. */
function make(path: string): boolean {
  return succeeds(() => sync().mkdirSync(path, { mode: 0o700 }), 'EEXIST')
}

/** Returns false when it is not empty or absent. */
function removeEmpty(path: string): boolean {
  return succeeds(() => sync().rmdirSync(path), 'ENOENT', 'ENOTEMPTY', 'EEXIST')
}

/** Returns false when the action throws one of these codes. */
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
