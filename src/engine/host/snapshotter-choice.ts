import { StrakeError } from '#oci'
import type { SnapshotterKind } from '#snapshot'

/**
 * Returns the requested kind of snapshots: of the option, else of `$STRAKE_SNAPSHOTTER`;
 * `undefined` for the one that works best. Throws `INVALID` for an unknown kind.
 */
export function findSnapshotter(
  asked: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): SnapshotterKind | undefined {
  const name = asked ?? (env['STRAKE_SNAPSHOTTER'] || undefined)
  if (name === undefined || name === 'erofs' || name === 'directory') return name
  throw new StrakeError(
    'INVALID',
    `Cannot use the snapshotter '${name}': expected erofs or directory`,
    { remedy: 'omit --snapshotter and unset STRAKE_SNAPSHOTTER for the best choice' },
  )
}
