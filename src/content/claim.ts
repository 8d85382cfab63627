import { StrakeError } from '#oci'
import { identifyProcess, ownIdentity, type ProcessIdentity } from '#platform'
import { fs, hasCode } from './file.ts'

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
    const holder = await findHolder(directory, id)
    if (holder?.isAlive) {
      // Another process was first to take a directory of its own.
      if (isMade) await fs().rmdir(free).catch(ignoreGone)
      return undefined
    }
    const leftover = holder === undefined ? free : `${directory}/${holder.name}`
    if (await rename(leftover, path)) break
    isMade = await make(free)
  }
  const remove = (): Promise<void> => fs().rm(path, { recursive: true, force: true })
  return {
    path,
    release: async () => {
      // Nothing was received: there is nothing to resume.
      const isEmpty = await fs().rmdir(path).then(yes, ignoreGone)
      if (isEmpty !== true && !(await rename(path, free))) await remove()
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
export async function listIngests(directory: string): Promise<Leftover[]> {
  const names = await fs().readdir(directory)
  return names.map((name) => {
    const [id = '', owner] = name.split('@')
    return { name, id, isAlive: owner !== undefined && isAlive(owner) }
  })
}

export function heldByOther(id: string): StrakeError {
  return new StrakeError('CONFLICT', `Cannot resume ingest ${id}: another process holds it`)
}

async function findHolder(directory: string, id: string): Promise<Leftover | undefined> {
  const all = (await listIngests(directory)).filter((each) => each.id === id && each.name !== id)
  return all.find((each) => each.isAlive) ?? all[0]
}

/** False when there is nothing to rename, or something in the way. */
async function rename(from: string, to: string): Promise<boolean> {
  try {
    await fs().rename(from, to)
    return true
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) return false
    throw error
  }
}

/** False when somebody else made it. */
async function make(path: string): Promise<boolean> {
  try {
    await fs().mkdir(path, { mode: 0o700 })
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
}

function yes(): true {
  return true
}

function ignoreGone(error: unknown): void {
  if (!hasCode(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) throw error
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
