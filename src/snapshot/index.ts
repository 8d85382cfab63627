// Layers as mountable filesystems, named by chain ID.

// Names that contain their process.
export { isAbandoned, ownedName } from './chain/owner-name.ts'
// The interfaces.
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
// The stored archives of layers.
export { layerArchive } from './erofs/layer-folder.ts'
// How indexes are mounted.
export type { ErofsWay } from './erofs/probe.ts'
// Opening a store of snapshots, and choosing its kind.
export type { SnapshotsOptions } from './open.ts'
export { openSnapshots } from './open.ts'
// Disk usage of a tree.
export { treeSize } from './unpacked/tree-size.ts'
