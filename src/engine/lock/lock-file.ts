import { lstat } from 'node:fs/promises'
import { type BuildLock, formatLock, maxLockSize, parseLock } from '#build'
import { StrakeError } from '#oci'
import { pathExists, readPlainFile, writeFileDurable } from '#platform'
import { writeTextFile } from '../archive/output-file.ts'

/** Whether a build writes its lock file, or accepts only what the file has. */
export interface LockRequest {
  /** Default: `build.lock` in the directory of the context. */
  readonly file?: string | undefined
  readonly mode: 'write' | 'check'
}

/** The parts of a request that say where the lock file is. */
export interface LockPlace {
  readonly lock?: LockRequest | undefined
  readonly context?: unknown
}

/** Returns the path of the lock file. Throws `INVALID` when the context is no directory. */
export function lockFileOf(
  { lock, context }: LockPlace,
  isRemote: (text: string) => boolean,
): string {
  if (lock?.file !== undefined) return lock.file
  if (typeof context === 'string' && !isRemote(context)) return `${context}/build.lock`
  throw new StrakeError('INVALID', 'Cannot find the lock file: the context is no directory', {
    remedy: 'name the file with --lock-file',
  })
}

/** Reads a lock file. Throws `NOT_FOUND`, and `INVALID` for a file that is not valid. */
export async function readLockFile(file: string): Promise<BuildLock> {
  // A named pipe in the place of the file must not stop the build.
  const text = readPlainFile(file, maxLockSize)
  if (text !== undefined) return parseLock(text, file)
  if (pathExists(file)) {
    throw new StrakeError(
      'INVALID',
      `Cannot read ${file}: it is no regular file of at most ${maxLockSize} bytes`,
    )
  }
  throw new StrakeError('NOT_FOUND', `Cannot read ${file}: there is no such file`, {
    remedy: 'write it with strake build --lock, or with strake lock update',
  })
}

/**
 * Returns the path of the lock file to write. A file that the user does not name is part of the
 * project, which could make it a link to another file of the machine, or a pipe. Throws `INVALID`.
 */
export async function lockFileToWrite(
  place: LockPlace,
  isRemote: (text: string) => boolean,
): Promise<string> {
  const file = lockFileOf(place, isRemote)
  if (place.lock?.file !== undefined) return file
  const status = await lstat(file).catch(() => undefined)
  if (status === undefined || status.isFile()) return file
  throw new StrakeError('INVALID', `Cannot write ${file}: it is not a regular file`, {
    remedy: 'remove it, or name another file with --lock-file',
  })
}

/** Writes a lock to the path that `lockFileToWrite` returned. */
export async function writeLockFile(
  { lock: request }: LockPlace,
  file: string,
  lock: BuildLock,
): Promise<void> {
  const text = formatLock(lock)
  if (request?.file !== undefined) await writeTextFile(file, text)
  // The rename replaces a link that was made meanwhile, and does not follow it.
  else await writeFileDurable(file, Buffer.from(text), 0o644)
}
