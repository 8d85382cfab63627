import { StrakeError } from '#oci'
import type { SnapshotterKind } from '#snapshot'

/**
 * The kind of snapshots that was asked for: by an option, else by
 * `$STRAKE_SNAPSHOTTER`; `undefined` when whatever works best is wanted. Throws
 * `INVALID` for a kind that there is not.
 */
export function findSnapshotter(
  asked: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): SnapshotterKind | undefined {
  const name = asked ?? (env['STRAKE_SNAPSHOTTER'] || undefined)
  if (name === undefined || name === 'erofs' || name === 'directory') return name
  throw new StrakeError(
    'INVALID',
    `Cannot use the snapshotter '${name}': there are erofs and directory`,
    { remedy: 'leave --snapshotter and STRAKE_SNAPSHOTTER out for what works best here' },
  )
}
