import { bootId, isAlive, ownIdentity } from '#platform'

let count = 0

const owned = /^(?:active|view|build|place)-(\d+)-(\d+)-([0-9a-f]*)-\d+(?:\.|$)/

/**
 * Returns a name for a file that is useless after this process ends. The name contains the process,
 * so even after a crash the owner of the file is known.
 */
export function ownedName(kind: 'active' | 'view' | 'build' | 'place'): string {
  const { pid, startTime } = ownIdentity()
  count += 1
  return `${kind}-${pid}-${startTime}-${shortBootId()}-${count}`
}

/**
 * True when `name`, or the part before its first dot, is an owned name and its process has ended.
 * False for other names.
 */
export function isAbandoned(name: string): boolean {
  const [, pid, startTime, boot] = owned.exec(name) ?? []
  if (pid === undefined || startTime === undefined) return false
  if (boot !== shortBootId()) return true
  return !isAlive({ pid: Number(pid), startTime, bootId: bootId() })
}

function shortBootId(): string {
  return bootId().slice(0, 8)
}
