import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { isAlive, isSystemError, ownIdentity, type ProcessIdentity } from '#platform'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import { readJson } from '../model/state.ts'

type Places = Pick<ContainerContext, 'root' | 'run'>

/**
 * Announces a client that will read the output of a container from its first byte, before the
 * container starts. The process that starts the container tells its monitor how many clients to
 * wait for. Disposed when the client has connected or has left.
 */
export function announceClient(context: Places, id: string): Disposable {
  const directory = directoryOf(context, id)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const path = `${directory}/${crypto.randomUUID()}`
  writeFileSync(path, JSON.stringify(ownIdentity()), { mode: 0o600 })
  return { [Symbol.dispose]: () => rmSync(path, { force: true }) }
}

/** Returns the number of clients that living processes have announced. */
export function countAnnounced(context: Places, id: string): number {
  const directory = directoryOf(context, id)
  return listFiles(directory).filter((name) => isAnnouncer(`${directory}/${name}`)).length
}

/** Removed with the container. */
function directoryOf(context: Places, id: string): string {
  return `${containerPaths(context, id).directory}/announced`
}

function listFiles(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return []
    throw error
  }
}

/** A process that was killed leaves its file behind. */
function isAnnouncer(path: string): boolean {
  const identity = readJson(path) as Partial<ProcessIdentity> | undefined
  const { pid, startTime, bootId } = identity ?? {}
  if (typeof pid !== 'number' || typeof startTime !== 'string' || typeof bootId !== 'string') {
    return false
  }
  return isAlive({ pid, startTime, bootId })
}
