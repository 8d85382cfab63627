import { StrakeError } from '#oci'
import type { LocalSnapshotter, SnapshotterKind } from './chain/snapshotter.ts'
import { type ErofsProbe, type ErofsWay, knownProbe } from './erofs/probe.ts'
import { ErofsSnapshots } from './erofs/snapshots.ts'
import { DirectorySnapshots } from './unpacked/directory.ts'

export interface SnapshotsOptions {
  /** Uses this kind, or throws `UNSUPPORTED`; `best` chooses the best kind that works here. */
  readonly kind?: SnapshotterKind | 'best'
  /** For `erofs` only: mounts indexes this way, or throws `UNSUPPORTED`. */
  readonly way?: ErofsWay
}

const unpacked = 'layers are unpacked and stacked by overlayfs'
const asAsked = 'as asked for'

/**
 * Opens the snapshots of a store: committed ones below `root` (`$STRAKE_ROOT`), mounts below `run`
 * (`$STRAKE_RUN`). The first call after boot may mount a small filesystem as a test; later calls
 * are cheap until a snapshot is used.
 */
export async function openSnapshots(
  root: string,
  run: string,
  { kind = 'best', way }: SnapshotsOptions = {},
): Promise<LocalSnapshotter> {
  if (kind === 'directory') return new DirectorySnapshots(root, run, `${unpacked}, ${asAsked}`)
  const probe = await probeFor(root, run, way)
  if (probe.way !== undefined) {
    const reason = kind === 'best' ? probe.reason : `${probe.reason}, ${asAsked}`
    return new ErofsSnapshots(root, run, { way: probe.way, reason })
  }
  if (kind === 'best') return new DirectorySnapshots(root, run, `${unpacked}, for ${probe.reason}`)
  throw new StrakeError('UNSUPPORTED', `Cannot use erofs snapshots: ${probe.reason}`, {
    remedy: 'use directory snapshots',
  })
}

async function probeFor(root: string, run: string, way?: ErofsWay): Promise<ErofsProbe> {
  const known = way === undefined ? knownProbe(root, run) : undefined
  if (known !== undefined) return known
  const { probe } = await import('./erofs/try-mount.ts')
  return probe(root, run, way)
}
