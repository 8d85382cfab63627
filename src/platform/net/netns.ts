import { StrakeError } from '#oci'
import { check, cString, isSystemError } from '../call/libc.ts'
import { dirname, fs } from '../call/node-fs.ts'
import { networkCalls } from './network-calls.ts'

const CLONE_NEWNET = 0x40000000
const MS_BIND = 0x1000
const MNT_DETACH = 2
const threadNamespace = '/proc/thread-self/ns/net'

/**
 * Creates a network namespace and runs `inside` in it. The namespace exists as long as the mount at
 * `path` or a process in it.
 *
 * The calling thread is in the new namespace while `inside` runs. `inside` must be synchronous and
 * short, because a thread that starts during the call would start in the new namespace and stay
 * there. When anything throws, the thread returns and `path` is removed. Throws EEXIST when `path`
 * exists.
 */
export function createNetworkNamespace<T>(path: string, inside: () => T): T {
  fs().mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  fs().closeSync(fs().openSync(path, 'wx', 0o444))
  try {
    return within(
      () => check(networkCalls().unshare(CLONE_NEWNET), 'unshare'),
      () => {
        mountNamespace(path)
        return inside()
      },
    )
  } catch (error) {
    removeNetworkNamespace(path)
    throw error
  }
}

/** Runs `inside` with the calling thread in the namespace at `path`, as `createNetworkNamespace` does. */
export function enterNetworkNamespace<T>(path: string, inside: () => T): T {
  const target = fs().openSync(path, 'r')
  try {
    return within(() => check(networkCalls().setns(target, CLONE_NEWNET), 'setns', path), inside)
  } finally {
    fs().closeSync(target)
  }
}

/**
 * Removes the mount and the file, if they exist. The kernel removes the namespace and its
 * interfaces after the last process has left it.
 */
export function removeNetworkNamespace(path: string): void {
  try {
    check(networkCalls().umount2(cString(path), MNT_DETACH), 'umount', path)
  } catch (error) {
    // EINVAL: the file is there and nothing is mounted on it.
    if (!isSystemError(error, 'EINVAL', 'ENOENT')) throw error
  }
  try {
    fs().unlinkSync(path)
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error
  }
}

function mountNamespace(path: string): void {
  const source = cString(threadNamespace)
  check(networkCalls().mount(source, cString(path), null, MS_BIND, null), 'mount', path)
}

function within<T>(leave: () => void, inside: () => T): T {
  const home = fs().openSync(threadNamespace, 'r')
  try {
    leave()
    try {
      return inside()
    } finally {
      comeBack(home)
    }
  } finally {
    fs().closeSync(home)
  }
}

function comeBack(home: number): void {
  try {
    check(networkCalls().setns(home, CLONE_NEWNET), 'setns')
  } catch (cause) {
    throw new StrakeError('INTERNAL', 'Cannot return to the network namespace of the host', {
      cause,
    })
  }
}
