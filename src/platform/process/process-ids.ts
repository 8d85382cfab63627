import { isSystemError } from '../call/libc.ts'
import { fs } from '../call/node-fs.ts'
import { readLink } from '../call/posix.ts'

/** The IDs of all processes that this one sees. */
export function processIds(): readonly number[] {
  return fs()
    .readdirSync('/proc')
    .map(Number)
    .filter((id) => id > 0)
}

/** The processes in the PID namespace of a process, by this machine's IDs; none when it has ended. */
export function processesBeside(pid: number): readonly number[] {
  const namespace = namespaceOf(pid)
  if (namespace === undefined) return []
  return processIds().filter((each) => namespaceOf(each) === namespace)
}

function namespaceOf(pid: number): string | undefined {
  try {
    return readLink(`/proc/${pid}/ns/pid`)
  } catch (error) {
    // The process has ended, or belongs to another user.
    if (isSystemError(error)) return undefined
    throw error
  }
}
