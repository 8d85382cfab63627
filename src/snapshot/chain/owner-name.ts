import { bootId, isAlive, ownIdentity } from '#platform'

let count = 0

const owned = /^(?:active|view|build|place)-(\d+)-(\d+)-([0-9a-f]*)-\d+(?:\.|$)/

/**
 * A name for something on disk that is worthless once this process is gone. The
 * process is part of the name, so there is no moment in which a crash could
 * leave the thing without its owner.
 */
export function ownedName(kind: 'active' | 'view' | 'build' | 'place'): string {
  const { pid, startTime } = ownIdentity()
  count += 1
  return `${kind}-${pid}-${startTime}-${shortBootId()}-${count}`
}

/** True when `name`, or what stands before a dot in it, is an owned one and its process is gone; other names are nobody's to judge here. */
export function isAbandoned(name: string): boolean {
  const [, pid, startTime, boot] = owned.exec(name) ?? []
  if (pid === undefined || startTime === undefined) return false
  if (boot !== shortBootId()) return true
  return !isAlive({ pid: Number(pid), startTime, bootId: bootId() })
}

function shortBootId(): string {
  return bootId().slice(0, 8)
}
