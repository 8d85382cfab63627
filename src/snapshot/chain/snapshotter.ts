import type { PathChange } from '#layer'
import type { Digest } from '#oci'
import type { Bytes, Emit } from '#stream'
import type { TarListing } from '#tar'

/**
 * Stores filesystems by chain ID and mounts them.
 *
 * A *committed* snapshot is immutable; its name is its chain ID. An *active* snapshot is being
 * written above a committed parent, or above nothing. Its commit gives it the chain ID of its
 * parent and its layer. The two are different types, so that a key cannot be passed where a name is
 * meant.
 */
export interface Snapshotter {
  readonly kind: SnapshotterKind
  /** Why this kind was chosen: a clause to be shown after the kind. */
  readonly reason: string
  /**
   * Creates a writable filesystem above `parent`; `null` starts from nothing. Throws `NOT_FOUND`.
   */
  prepare(parent: Digest | null, options?: PrepareOptions): Promise<ActiveSnapshot>
  /**
   * Applies a layer's archive to `parent` and commits the result under its chain ID. Returns its
   * number of entries and bytes. When the chain exists it reads nothing and returns `undefined`.
   * Throws `NOT_FOUND` without the parent, `ContentMismatchError` when bytes do not match `diffId`,
   * and `INVALID` for a layer that is refused; then it leaves nothing behind.
   */
  importLayer(
    parent: Digest | null,
    layer: LayerSource,
    options?: ImportLayerOptions,
  ): Promise<ImportedLayer | undefined>
  /**
   * Creates a writable filesystem above `parent` that keeps its changes in `directory`, which
   * belongs to one container. It is never committed. Opening the same directory again finds the
   * same changes; while any process has it mounted, this returns the existing mount. Throws
   * `NOT_FOUND`.
   */
  container(
    parent: Digest | null,
    directory: string,
    options?: ContainerOptions,
  ): Promise<ContainerSnapshot>
  /** Mounts `chainId` read-only, without devices and setuid. Throws `NOT_FOUND`. */
  view(chainId: Digest): Promise<SnapshotView>
  has(chainId: Digest): Promise<boolean>
  /**
   * Removes snapshots in the order given. An absent one is not an error. Throws `CONFLICT` at the
   * first one that is mounted or is the parent of another; it and the later ones stay. Stopped
   * containers are not known here: the caller must check their records first.
   */
  remove(...chainIds: readonly Digest[]): Promise<void>
  list(): AsyncIterable<SnapshotRecord>
}

/** What only the owner of the files can do: compare, check and clean up. */
export interface LocalSnapshotter extends Snapshotter {
  /**
   * Yields how `after` differs from `before` (`null`: an empty filesystem), depth first, in byte
   * order. A deleted directory yields only its own name. Throws `NOT_FOUND`.
   */
  compare(before: Digest | null, after: Digest): AsyncIterable<PathChange>
  /**
   * Reads every stored file again and reports damage. Unpacked trees have no digest, so only the
   * lists of their parents are checked. A file that cannot be healed is taken out of use.
   */
  verify(options?: VerifyOptions): AsyncIterable<SnapshotFinding>
  /**
   * Removes what ended processes have left: mounts, uncommitted snapshots, unfinished removals.
   * Mounts of containers stay. Returns the number of removals.
   */
  cleanStale(): Promise<number>
}

export type SnapshotterKind = 'directory' | 'erofs'

export interface PrepareOptions {
  /**
   * Default `run`: programs will run in it. `unpack`: files are only written; devices and setuid do
   * not work.
   */
  readonly use?: 'run' | 'unpack' | undefined
}

/** A layer, uncompressed. */
export interface LayerSource {
  readonly diffId: Digest
  /**
   * The archive. Bytes are checked against `diffId`. The file of a path must be known to contain it
   * and must never change, like a read-only blob of the store. The snapshotter may link it under a
   * second name instead of copying it.
   */
  readonly tar: string | Bytes
  /** The least number of bytes, if known: large archives are hashed in their own thread. */
  readonly leastSize?: number | undefined
  /** The entries of the archive, if the caller knows them. The archive need not be parsed then. */
  readonly listing?: TarListing | undefined
}

export interface ImportLayerOptions {
  /**
   * Default `now`. Use `later` for a layer that gets another layer above it at once: its index is
   * then created only when it is mounted.
   */
  readonly index?: 'now' | 'later' | undefined
  /** Limits for the entries of the layer; see `applyLayer`. */
  readonly limits?: Readonly<Partial<Record<'entries' | 'totalSize', number>>> | undefined
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}

export interface ImportedLayer {
  /** Entries of the archive. */
  readonly entries: number
  /** Bytes of the archive. */
  readonly size: number
}

export interface ContainerOptions {
  /**
   * Read-only directories laid over the image, topmost first: for example empty files as mount
   * points. Directories of the image keep their owner and permissions.
   */
  readonly overlays?: readonly string[] | undefined
  /** Never syncs the changes: suitable for a container that is removed when it ends. */
  readonly volatile?: boolean | undefined
}

export interface SnapshotRecord {
  readonly chainId: Digest
  readonly parent: Digest | null
  /** Bytes on disk of this snapshot alone, without its parents. */
  readonly size: number
  /**
   * The layer whose archive is part of `size`, if archives are stored; several snapshots may share
   * it.
   */
  readonly layer?: { readonly diffId: Digest; readonly size: number } | undefined
}

export interface VerifyOptions {
  /**
   * Returns the archive of a layer from another source, or `undefined` when there is none. If
   * present, damage is healed.
   */
  readonly archiveOf?: ((diffId: Digest) => Promise<LayerSource['tar'] | undefined>) | undefined
  /** The diff IDs of images, from another source: they prove which layers a chain consists of. */
  readonly known?: readonly (readonly Digest[])[] | undefined
  readonly signal?: AbortSignal | undefined
}

/** A stored file that has changed since it was written. */
export interface SnapshotFinding {
  /** `layer sha256:...`, `index sha256:...` */
  readonly subject: string
  /** A clause. */
  readonly problem: string
  /** `damaged` unless healing was requested; `lost` when healing failed. */
  readonly state: 'damaged' | 'healed' | 'lost'
  /** What was done, or why nothing could be done; a clause. */
  readonly action?: string | undefined
}

/** A mounted filesystem. Leaving the scope unmounts it. */
export interface SnapshotView extends AsyncDisposable {
  /** Absolute path of the mounted root. */
  readonly root: string
}

/**
 * A filesystem being written. Change it below `root`, then commit it with a layer that contains the
 * same changes. Leaving the scope uncommitted discards every change.
 *
 * Committing an existing chain succeeds and discards this copy, so two builds that create the same
 * layers do not disturb each other.
 */
export interface ActiveSnapshot extends SnapshotView {
  /** The directory that holds only the changes, as overlayfs writes them; `diff` reads it. */
  readonly upper: string
  /**
   * Commits under the chain ID of the parent and `layer`, and returns that ID. `layer` must contain
   * the same changes: archive-based snapshotters store it, others store the changes.
   */
  commit(layer: LayerSource): Promise<Digest>
}

/** A container's root. Disposing unmounts it and keeps the changes. */
export interface ContainerSnapshot extends SnapshotView {
  readonly upper: string
}
