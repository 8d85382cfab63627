import { setTimeout as sleep } from 'node:timers/promises'
import { StrakeError } from '#oci'
import { check, isSystemError, symbols } from '../call/libc.ts'
import { closeFile, fileStatus, ignoring, openFile, openFlag } from '../call/posix.ts'
import { requireNoTransaction } from '../data/lock-order.ts'
import { openPlainFile } from './plain-file.ts'

const libc = symbols({ flock: { args: ['i32', 'i32'], returns: 'i32' } })

/**
 * Takes the exclusive lock of a file, made when it is not there, and holds it
 * until disposed or until this process ends. It keeps the thread: what is done
 * under it must be short and must not await. It comes before any transaction of
 * a database. Throws `UNAVAILABLE` when another process has it for longer than
 * `patience` milliseconds, `INVALID` when something else has its name.
 */
export function lockFile(path: string, patience = 10_000): Disposable {
  requireNoTransaction(`the lock ${path}`)
  return lock(path, openPlainFile(path, openFlag.create | openFlag.writeOnly, 0o600), patience)
}

/** `lockFile` for what all stores share: the interfaces and rules of this network namespace. */
export function lockNetwork(patience = 10_000): Disposable {
  const path = '/proc/self/ns/net'
  requireNoTransaction(`the lock ${path}`)
  return lock(path, openFile(path, openFlag.readOnly), patience)
}

/** `exclusive`: for one holder; `shared`: for many, unless one has it exclusively. */
export type LockKind = 'exclusive' | 'shared'

/**
 * Takes the lock of a directory for work that takes long: other processes, and
 * other work of this one, wait without keeping their threads, for as long as it
 * takes or until `signal` is aborted. Throws `ENOENT` when the directory is gone
 * or is removed while we wait.
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
    await sleep(pause, undefined, { signal })
  }
}

/** The same without waiting: `undefined` while another holds the lock. */
export function tryLockDirectory(
  path: string,
  kind: LockKind = 'exclusive',
): Disposable | undefined {
  requireNoTransaction(`the lock ${path}`)
  const fd = openFile(path, openFlag.readOnly | openFlag.directory | openFlag.noFollow)
  try {
    const isNamed = ignoring(['EAGAIN'], () => tryLock(fd, path, kind)) && isSameFile(fd, path)
    if (isNamed) return closingOnce(fd)
  } catch (error) {
    closeFile(fd)
    throw error
  }
  closeFile(fd)
  return undefined
}

/** The number may soon be another file's, so it is closed once, however often that is asked. */
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

/** The directory that we locked may have been removed, and another one made in its place. */
function isSameFile(fd: number, path: string): boolean {
  const [locked, named] = [fileStatus(`/proc/self/fd/${fd}/.`), fileStatus(path)]
  return locked.inode === named.inode && locked.device === named.device
}

const withoutWaiting = 4
const locks: Readonly<Record<LockKind, number>> = { shared: 1, exclusive: 2 }

function tryLock(fd: number, path: string, kind: LockKind): true {
  check(libc().flock(fd, locks[kind] | withoutWaiting), 'flock', path)
  return true
}

function lock(path: string, fd: number, patience: number): Disposable {
  const deadline = performance.now() + patience
  for (;;) {
    try {
      tryLock(fd, path, 'exclusive')
      return { [Symbol.dispose]: () => closeFile(fd) }
    } catch (error) {
      if (!isSystemError(error, 'EAGAIN') || performance.now() > deadline) {
        closeFile(fd)
        throw new StrakeError('UNAVAILABLE', `Cannot lock ${path}: another process holds it`, {
          cause: error,
        })
      }
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2)
  }
}
