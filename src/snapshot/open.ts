import { StrakeError } from '#oci'
import { DirectorySnapshots } from './directory.ts'
import { type ErofsProbe, type ErofsWay, knownProbe } from './erofs/probe.ts'
import { ErofsSnapshots } from './erofs/snapshots.ts'
import type { Snapshotter, SnapshotterKind } from './snapshotter.ts'

/** What is chosen when nobody asks for a kind. */
const automatic: 'directory' | 'best' = 'best'

export interface SnapshotsOptions {
  /** Uses this kind, or throws `UNSUPPORTED`; `best` is whichever works best here. */
  readonly kind?: SnapshotterKind | 'best'
  /** Of `erofs` alone: mounts indexes this way, or throws `UNSUPPORTED`. */
  readonly way?: ErofsWay
}

/** Which kind of snapshots is used here, and why: a clause to be shown after the kind. */
export interface SnapshotsChoice {
  readonly kind: SnapshotterKind
  readonly reason: string
}

const unpacked = 'layers are unpacked and stacked by overlayfs'
const asAsked = 'as asked for'

/**
 * What is used for a store, or would be, without trying anything: before the
 * store was opened for the first time after a reboot, that `erofs` works is only
 * assumed. Throws `UNSUPPORTED` for a kind that was asked for and cannot be had.
 */
export function chooseSnapshots(
  { kind = automatic }: SnapshotsOptions = {},
  store?: { readonly root: string; readonly run: string },
): SnapshotsChoice {
  if (kind === 'directory') return { kind, reason: `${unpacked}, ${asAsked}` }
  const known = store && knownProbe(store.root, store.run)
  return decide(kind, known ?? { way: 'file', reason: 'layers are mounted' })
}

/**
 * Opens the snapshots of a store: committed ones below `root` (`$STRAKE_ROOT`),
 * mounts below `run` (`$STRAKE_RUN`). The first time after the machine started
 * this may mount something to see whether it works; else it costs next to
 * nothing until a snapshot is used.
 */
export async function openSnapshots(
  root: string,
  run: string,
  { kind = automatic, way }: SnapshotsOptions = {},
): Promise<Snapshotter> {
  if (kind === 'directory') return new DirectorySnapshots(root, run, `${unpacked}, ${asAsked}`)
  const probe = await probeFor(root, run, way)
  const { reason } = decide(kind, probe)
  return probe.way === undefined
    ? new DirectorySnapshots(root, run, reason)
    : new ErofsSnapshots(root, run, { way: probe.way, reason })
}

function decide(kind: 'erofs' | 'best', { way, reason }: ErofsProbe): SnapshotsChoice {
  if (way !== undefined) {
    return { kind: 'erofs', reason: kind === 'best' ? reason : `${reason}, ${asAsked}` }
  }
  if (kind === 'best') return { kind: 'directory', reason: `${unpacked}, for ${reason}` }
  throw new StrakeError('UNSUPPORTED', `Cannot use erofs snapshots: ${reason}`, {
    remedy: 'use directory snapshots',
  })
}

async function probeFor(root: string, run: string, way?: ErofsWay): Promise<ErofsProbe> {
  const known = way === undefined ? knownProbe(root, run) : undefined
  if (known !== undefined) return known
  const { probe } = await import('./erofs/try-mount.ts')
  return probe(root, run, way)
}
