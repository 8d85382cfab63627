import { StrakeError } from '#oci'
import { DirectorySnapshots } from './directory.ts'
import type { Snapshotter, SnapshotterKind } from './snapshotter.ts'

export interface SnapshotsOptions {
  /** Uses this kind, or throws `UNSUPPORTED`; without it the best that works here. */
  readonly kind?: SnapshotterKind
}

/** Which kind of snapshots is used here, and why: a clause to be shown after the kind. */
export interface SnapshotsChoice {
  readonly kind: SnapshotterKind
  readonly reason: string
}

/** Chooses without touching the disk. Throws `UNSUPPORTED` for a kind that was asked for and cannot be had. */
export function chooseSnapshots({ kind }: SnapshotsOptions = {}): SnapshotsChoice {
  if (kind === 'erofs') {
    throw new StrakeError(
      'UNSUPPORTED',
      'Cannot use erofs snapshots: this version of strake has none',
      {
        remedy: 'leave the choice to strake',
      },
    )
  }
  if (kind === 'directory') return { kind, reason: 'as asked for' }
  return { kind: 'directory', reason: 'layers are unpacked and stacked by overlayfs' }
}

/**
 * Opens the snapshots of a store: committed ones below `root` (`$STRAKE_ROOT`),
 * mounts below `run` (`$STRAKE_RUN`). Costs nothing until one is used.
 */
export async function openSnapshots(
  root: string,
  run: string,
  options: SnapshotsOptions = {},
): Promise<Snapshotter> {
  chooseSnapshots(options)
  return new DirectorySnapshots(root, run)
}
