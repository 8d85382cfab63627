import { type BuildLock, type LockedSource, nameOfSource, versionOfSource } from './lock.ts'

/** A difference between two locks. */
export interface LockChange {
  readonly kind: 'added' | 'removed' | 'changed'
  readonly source: LockedSource
  readonly before?: string | undefined
  readonly after?: string | undefined
}

/** Returns the differences in the order of the lock file: those of `after`, then what is gone. */
export function compareLocks(before: BuildLock, after: BuildLock): readonly LockChange[] {
  const keyOf = (source: LockedSource): string => `${source.kind} ${nameOfSource(source)}`
  const then = new Map(before.sources.map((each) => [keyOf(each), each]))
  const now = new Set(after.sources.map(keyOf))
  const changes = after.sources.flatMap((source): readonly LockChange[] => {
    const old = then.get(keyOf(source))
    const version = versionOfSource(source)
    if (old === undefined) return [{ kind: 'added', source, after: version }]
    const earlier = versionOfSource(old)
    return earlier === version ? [] : [{ kind: 'changed', source, before: earlier, after: version }]
  })
  const removed = before.sources
    .filter((source) => !now.has(keyOf(source)))
    .map((source): LockChange => ({ kind: 'removed', source, before: versionOfSource(source) }))
  return [...changes, ...removed]
}
