import { expect, test } from 'bun:test'
import {
  accessSync,
  constants,
  mkdirSync,
  readFileSync,
  rmdirSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { cgroupMode, primeCgroups } from './cgroup.ts'

/** The directory of this process's control group. */
function ownGroup(): string {
  const unified = cgroupMode() === 'unified'
  const groups = readFileSync('/proc/self/cgroup', 'latin1')
  const own = (unified ? /^0::(.*)$/m : /:pids:(.*)$/m).exec(groups)?.[1] ?? ''
  return `/sys/fs/cgroup${unified ? '' : '/pids'}${own.replace(/\/$/, '')}`
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}

test.skipIf(!isWritable(`${ownGroup()}/cgroup.procs`))(
  'primeCgroups() moves this process into its own group',
  async () => {
    const before = ownGroup()
    // No other process writes to a file of this group.
    const group = `${before}/strake-prime-${process.pid}`
    mkdirSync(group)
    try {
      writeFileSync(`${group}/cgroup.procs`, '0')
      const { promise: isWritten, resolve } = Promise.withResolvers<void>()
      const watcher = watch(`${group}/cgroup.procs`, () => resolve())
      primeCgroups()
      await isWritten
      watcher.close()
      expect(ownGroup()).toBe(group)
    } finally {
      writeFileSync(`${before}/cgroup.procs`, '0')
      rmdirSync(group)
    }
  },
)
