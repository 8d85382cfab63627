import {
  fs,
  isAlive,
  isSystemError,
  makeDirectories,
  ownIdentity,
  type ProcessIdentity,
  removeFile,
  toIdentity,
  writeSmallFile,
} from '#platform'
import { readJson } from '../model/state.ts'

/** Notes in `directory` that this process is there, until it is disposed. A killed process leaves its note. */
export function notePresence(directory: string): Disposable {
  makeDirectories(directory, 0o700)
  const path = `${directory}/${crypto.randomUUID()}`
  writeSmallFile(path, JSON.stringify(ownIdentity()), 0o600)
  return { [Symbol.dispose]: () => void removeFile(path) }
}

/** A note of a process. */
export interface Presence {
  readonly path: string
  readonly process: ProcessIdentity
  readonly isAlive: boolean
}

/** Reads the notes in `directory`, also those of processes that have ended. */
export function readPresence(directory: string): readonly Presence[] {
  return listFiles(directory).flatMap((name) => {
    const path = `${directory}/${name}`
    const process = toIdentity(readJson(path))
    return process === undefined ? [] : [{ path, process, isAlive: isAlive(process) }]
  })
}

function listFiles(directory: string): readonly string[] {
  try {
    return fs().readdirSync(directory)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return []
    throw error
  }
}
