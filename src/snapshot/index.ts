// Layers as mountable filesystems, by chain ID.

// Opening them, and which kind is chosen why.
export type { SnapshotsChoice, SnapshotsOptions } from './open.ts'
export { chooseSnapshots, openSnapshots } from './open.ts'
// What snapshots promise.
export type {
  ActiveSnapshot,
  ContainerOptions,
  ContainerSnapshot,
  PrepareOptions,
  SnapshotRecord,
  Snapshotter,
  SnapshotterKind,
  SnapshotView,
} from './snapshotter.ts'
// What a tree takes on the disk.
export { treeSize } from './tree-size.ts'
