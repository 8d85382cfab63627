import {
  fileStatus,
  fileType,
  isAlive,
  isSystemError,
  type ProcessIdentity,
  readLink,
  readPlainFile,
  renamePath,
  signalProcess,
  typeOf,
  writeSmallFile,
} from '#platform'

/** The process that keeps the namespaces of a user, and what they are. */
export interface Holder {
  readonly process: ProcessIdentity
  readonly namespaces: Namespaces
}

/** Names of the kernel: `user:[4026531837]`. */
export interface Namespaces {
  readonly user: string
  readonly mount: string
}

/** The note about the holder, in the run directory of a store. */
export const holderFile = (run: string): string => `${run}/namespace.json`

/** Returns the noted holder, living or not. A note that another user could have written counts as none. */
export function readHolder(run: string, uid: number): Holder | undefined {
  try {
    if (!isPrivate(run, uid, fileType.directory)) return undefined
    if (!isPrivate(holderFile(run), uid, fileType.regular)) return undefined
  } catch (error) {
    if (isSystemError(error)) return undefined
    throw error
  }
  return parseHolder(readPlainFile(holderFile(run)) ?? '')
}

const writableByOthers = 0o022

function isPrivate(path: string, uid: number, type: number): boolean {
  const { mode, uid: owner } = fileStatus(path)
  return owner === uid && typeOf(mode) === type && (mode & writableByOthers) === 0
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { process, namespaces }: Holder = JSON.parse(text)
    const { pid, startTime, bootId } = process
    const { user, mount } = namespaces
    const words = [startTime, bootId, user, mount]
    if (!Number.isSafeInteger(pid) || pid <= 0) return undefined
    if (words.some((word) => typeof word !== 'string')) return undefined
    return { process: { pid, startTime, bootId }, namespaces: { user, mount } }
  } catch {
    return undefined
  }
}

/** Writes the note. */
export function writeHolder(run: string, holder: Holder): void {
  const temporary = `${holderFile(run)}.${holder.process.pid}`
  writeSmallFile(temporary, JSON.stringify(holder), 0o600)
  renamePath(temporary, holderFile(run))
}

/** Ends the holder of the namespaces that this process is in. They last until this process has ended. */
export function endHolder(run: string): void {
  const holder = readHolder(run, process.getuid?.() ?? 0)
  if (holder !== undefined && holds(holder) && isIn(process.pid, holder.namespaces)) {
    signalProcess(holder.process, 'SIGKILL')
  }
}

/** True while the process lives and is in the noted namespaces. */
export function holds({ process, namespaces }: Holder): boolean {
  return isAlive(process) && isIn(process.pid, namespaces)
}

/** The namespaces of a process; `undefined` when it has ended or belongs to another user. */
export function namespacesOf(pid: number): Namespaces | undefined {
  try {
    return { user: readLink(`/proc/${pid}/ns/user`), mount: readLink(`/proc/${pid}/ns/mnt`) }
  } catch (error) {
    if (isSystemError(error)) return undefined
    throw error
  }
}

/** True for a process in exactly these namespaces. */
export function isIn(pid: number, { user, mount }: Namespaces): boolean {
  const own = namespacesOf(pid)
  return own?.user === user && own.mount === mount
}
