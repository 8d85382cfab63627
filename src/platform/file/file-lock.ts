import { StrakeError } from '#oci'
import { check, isSystemError, symbols } from '../call/libc.ts'
import { sleep } from '../call/node-fs.ts'
import { closeFile, fileStatus, ignoring, openFile, openFlag } from '../call/posix.ts'
import { requireNoTransaction } from '../data/lock-order.ts'
import { openPlainFile } from './plain-file.ts'

const libc = symbols({ flock: { args: ['i32', 'i32'], returns: 'i32' } })

export interface FileLockOptions {
  /** Milliseconds to wait for another holder; 10,000 unless given. */
  readonly patience?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Takes the exclusive lock of a file, creates the file if absent, and holds the lock until disposal
 * or the end of this process. Waiting does not block the thread. Hold it only for short work, and
 * take it before any transaction of a database. Throws `UNAVAILABLE` when another process holds it
 * for longer than `patience`, and `INVALID` when the path is not a file.
 */
export async function lockFile(path: string, options: FileLockOptions = {}): Promise<Disposable> {
  return await waitForLock(path, openLockFile(path), options)
}

/**
 * Like `lockFile`, but waiting blocks the thread. For code that cannot await, because it opens a
 * store on which everything else depends.
 */
export function lockFileBlocking(
  path: string,
  { patience = defaultPatience }: { readonly patience?: number } = {},
): Disposable {
  const fd = openLockFile(path)
  const deadline = performance.now() + patience
  try {
    while (!tryLock(fd, path, 'exclusive')) {
      if (performance.now() > deadline) throw heldTooLong(path)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, shortestPause)
    }
  } catch (error) {
    closeFile(fd)
    throw error
  }
  return closingOnce(fd)
}

/** Takes the lock that all stores share: for interfaces and rules of this network namespace. */
export async function lockNetwork(options: FileLockOptions = {}): Promise<Disposable> {
  const path = '/proc/self/ns/net'
  requireNoTransaction(`the lock ${path}`)
  return await waitForLock(path, openFile(path, openFlag.readOnly), options)
}

function openLockFile(path: string): number {
  requireNoTransaction(`the lock ${path}`)
  try {
    return openPlainFile(path, openFlag.create | openFlag.writeOnly, 0o600)
  } catch (error) {
    if (!isSystemError(error, 'EROFS')) throw error
    // On a read-only mount the file cannot be created, so readers lock it as it is.
    const fd = ignoring(['ENOENT'], () => openPlainFile(path))
    if (fd === undefined) throw error
    return fd
  }
}

const defaultPatience = 10_000

async function waitForLock(
  path: string,
  fd: number,
  { patience = defaultPatience, signal }: FileLockOptions,
): Promise<Disposable> {
  const deadline = performance.now() + patience
  try {
    signal?.throwIfAborted()
    while (!tryLock(fd, path, 'exclusive')) {
      if (performance.now() > deadline) throw heldTooLong(path)
      await sleep(shortestPause, signal)
    }
  } catch (error) {
    closeFile(fd)
    throw error
  }
  return closingOnce(fd)
}

function heldTooLong(path: string): StrakeError {
  return new StrakeError('UNAVAILABLE', `Cannot lock ${path}: another process holds it`)
}

/** `exclusive` has one holder. `shared` has many, but none while there is an exclusive holder. */
export type LockKind = 'exclusive' | 'shared'

/**
 * Takes the lock of a directory for long work. Waiting does not block the thread, and
 * ends when the lock is free or `signal` aborts. Throws `ENOENT` when the directory is
 * absent or is removed during the wait.
 */
export async function lockDirectory(
  path: string,
  signal?: AbortSignal,
  kind: LockKind = 'exclusive',
): Promise<Disposable> {
  for (let pause = shortestPause; ; pause = Math.min(pause * 2, longestPause)) {
    signal?.throwIfAborted()
    const held = tryLockDirectory(path, kind)
    if (held !== undefined) return held
    await sleep(pause, signal)
  }
}

/** Like `lockDirectory`, but without waiting. Returns `undefined` while the lock is held. */
export function tryLockDirectory(
  path: string,
  kind: LockKind = 'exclusive',
): Disposable | undefined {
  requireNoTransaction(`the lock ${path}`)
  const fd = openFile(path, openFlag.readOnly | openFlag.directory | openFlag.noFollow)
  try {
    const isNamed = tryLock(fd, path, kind) && isSameFile(fd, path)
    if (isNamed) return closingOnce(fd)
  } catch (error) {
    closeFile(fd)
    throw error
  }
  closeFile(fd)
  return undefined
}

/** Closes the descriptor once: its number may soon belong to another file. */
function closingOnce(fd: number): Disposable {
  let isOpen = true
  return {
    [Symbol.dispose]() {
      if (isOpen) closeFile(fd)
      isOpen = false
    },
  }
}

/** Milliseconds between two tries. */
const [shortestPause, longestPause] = [2, 50]

/**
 * True when the locked directory is still the one at `path`: another process may have replaced it.
 */
function isSameFile(fd: number, path: string): boolean {
  const [locked, named] = [fileStatus(`/proc/self/fd/${fd}/.`), fileStatus(path)]
  return locked.inode === named.inode && locked.device === named.device
}

const withoutWaiting = 4
const locks: Readonly<Record<LockKind, number>> = { shared: 1, exclusive: 2 }

/** False while another holder has the lock. */
function tryLock(fd: number, path: string, kind: LockKind): boolean {
  const isHeld = ignoring(['EAGAIN'], () => {
    check(libc().flock(fd, locks[kind] | withoutWaiting), 'flock', path)
    return true
  })
  return isHeld === true
}
