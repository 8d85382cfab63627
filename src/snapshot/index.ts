// Layers as mountable filesystems, by chain ID.

// Names of what is worthless without its process.
export { isAbandoned, ownedName } from './chain/owner-name.ts'
// What snapshots promise.
export type {
  ActiveSnapshot,
  ContainerOptions,
  ContainerSnapshot,
  ImportedLayer,
  ImportLayerOptions,
  LayerSource,
  LocalSnapshotter,
  PrepareOptions,
  SnapshotFinding,
  SnapshotRecord,
  Snapshotter,
  SnapshotterKind,
  SnapshotView,
  VerifyOptions,
} from './chain/snapshotter.ts'
// Archives of layers, where they are kept.
export { layerArchive } from './erofs/layer-folder.ts'
// How indexes are mounted, where they are.
export type { ErofsWay } from './erofs/probe.ts'
// Opening them, and which kind is chosen why.
export type { SnapshotsOptions } from './open.ts'
export { openSnapshots } from './open.ts'
// What a tree takes on the disk.
export { treeSize } from './unpacked/tree-size.ts'
