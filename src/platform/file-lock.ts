import { StrakeError } from '#oci'
import { check, isSystemError, symbols } from './libc.ts'
import { requireNoTransaction } from './lock-order.ts'
import { closeFile, openFile, openFlag } from './posix.ts'

const libc = symbols({ flock: { args: ['i32', 'i32'], returns: 'i32' } })

/**
 * Takes the exclusive lock of a file, made when it is not there, and holds it
 * until disposed or until this process ends. It keeps the thread: what is done
 * under it must be short and must not await. It comes before any transaction of
 * a database. Throws `UNAVAILABLE` when another
 * process has it for longer than `patience` milliseconds.
 */
export function lockFile(path: string, patience = 10_000): Disposable {
  requireNoTransaction(`the lock ${path}`)
  return lock(path, openFile(path, openFlag.create | openFlag.writeOnly, 0o600), patience)
}

/** `lockFile` for what all stores share: the interfaces and rules of this network namespace. */
export function lockNetwork(patience = 10_000): Disposable {
  const path = '/proc/self/ns/net'
  requireNoTransaction(`the lock ${path}`)
  return lock(path, openFile(path, openFlag.readOnly), patience)
}

function lock(path: string, fd: number, patience: number): Disposable {
  const LOCK_EX_NB = 2 | 4
  const deadline = performance.now() + patience
  for (;;) {
    try {
      check(libc().flock(fd, LOCK_EX_NB), 'flock', path)
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
