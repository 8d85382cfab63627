import type { PathChange } from '#layer'
import type { Digest } from '#oci'
import type { Bytes, Emit } from '#stream'
import type { TarListing } from '#tar'

/**
 * Keeps filesystems by chain ID and makes them mountable.
 *
 * A *committed* snapshot is immutable and named by its chain ID. An *active*
 * one is being written above a committed parent (or nothing) and becomes
 * committed under the chain ID of its parent and its layer. Active and committed are
 * different types, so a key cannot be passed where a name is meant.
 */
export interface Snapshotter {
  readonly kind: SnapshotterKind
  /** Why this kind was chosen: a clause to be shown after the kind. */
  readonly reason: string
  /** A writable filesystem above `parent`; `null` starts from nothing. Throws `NOT_FOUND`. */
  prepare(parent: Digest | null, options?: PrepareOptions): Promise<ActiveSnapshot>
  /**
   * Commits the filesystem that a layer's archive makes of `parent` under the
   * chain ID of the two, and returns how much that was; `undefined`, and nothing
   * is read, when it is there already. Throws `NOT_FOUND` without the parent, `ContentMismatchError` when
   * bytes are not what `diffId` names, `INVALID` for a layer that must not be;
   * nothing is left then.
   */
  importLayer(
    parent: Digest | null,
    layer: LayerSource,
    options?: ImportLayerOptions,
  ): Promise<ImportedLayer | undefined>
  /**
   * A writable filesystem above `parent` that keeps its changes in `directory`,
   * a container's own, and is never committed. Opening the same directory again
   * finds the same changes; while it is mounted, also by another process, that
   * very mount. Throws `NOT_FOUND`.
   */
  container(
    parent: Digest | null,
    directory: string,
    options?: ContainerOptions,
  ): Promise<ContainerSnapshot>
  /** A read-only mount of `chainId`; devices and setuid do not work in it. Throws `NOT_FOUND`. */
  view(chainId: Digest): Promise<SnapshotView>
  has(chainId: Digest): Promise<boolean>
  /**
   * Removes in the order given. Absent is not an error. Throws `CONFLICT` at one
   * that another snapshot stands on or that is mounted; it and what comes after
   * it stay. A stopped container does not show here: whoever removes asks the
   * records first.
   */
  remove(...chainIds: readonly Digest[]): Promise<void>
  list(): AsyncIterable<SnapshotRecord>
}

/** What only the owner of the files can do: compare, check and tidy up. */
export interface LocalSnapshotter extends Snapshotter {
  /**
   * How `after` differs from `before`, `null` for nothing, depth first and in byte
   * order; of a directory that is gone only its own name. Throws `NOT_FOUND`.
   */
  compare(before: Digest | null, after: Digest): AsyncIterable<PathChange>
  /**
   * Reads every stored file again and reports damage. Unpacked trees have no
   * digest, so only the lists of what they stand on are checked. What cannot be
   * healed is not mounted any more.
   */
  verify(options?: VerifyOptions): AsyncIterable<SnapshotFinding>
  /**
   * Removes what dead processes left: mounts, uncommitted snapshots, half-done
   * removals. Mounts of containers stay. Returns the number of removed things.
   */
  cleanStale(): Promise<number>
}

export type SnapshotterKind = 'directory' | 'erofs'

export interface PrepareOptions {
  /**
   * `run`, unless given: programs will run in it. `unpack`: files are only
   * written, and then devices and setuid do not work in it.
   */
  readonly use?: 'run' | 'unpack'
}

/** A layer, uncompressed. */
export interface LayerSource {
  readonly diffId: Digest
  /**
   * The archive. Bytes are checked against `diffId`. A path must be known to
   * hold it: a blob of the store, say, which is read-only and never written
   * again. Such a file may be kept under a second name instead of being copied.
   */
  readonly tar: string | Bytes
  /** Bytes that it has at least, if that is known: large ones are worth a thread of their own. */
  readonly leastSize?: number
  /** What the archive holds, from whoever wrote it. It need not be read for that then. */
  readonly listing?: TarListing
}

export interface ImportLayerOptions {
  /**
   * `now`, unless given. `later` is for layers that others will be imported
   * above at once: what only mounting needs is left to whoever mounts this one.
   */
  readonly index?: 'now' | 'later'
  /** Bounds what the layer may hold; see `applyLayer`. */
  readonly limits?: Readonly<Partial<Record<'entries' | 'totalSize', number>>>
  readonly emit?: Emit
  readonly signal?: AbortSignal
}

export interface ImportedLayer {
  /** Entries of the archive. */
  readonly entries: number
  /** Bytes of the archive. */
  readonly size: number
}

export interface ContainerOptions {
  /**
   * Read-only directories laid over the image, topmost first: empty files to mount
   * on, say. Directories of the image keep their owner and permissions.
   */
  readonly overlays?: readonly string[]
  /** Never syncs the changes: right for a container that goes away when it ends. */
  readonly volatile?: boolean
}

export interface SnapshotRecord {
  readonly chainId: Digest
  readonly parent: Digest | null
  /** Bytes on disk of this snapshot alone, without its parents. */
  readonly size: number
  /** The layer whose archive is part of that, if archives are kept; several snapshots may share it. */
  readonly layer?: { readonly diffId: Digest; readonly size: number } | undefined
}

export interface VerifyOptions {
  /** The archive of a layer from elsewhere, `undefined` when it cannot be had. Given, heals. */
  readonly archiveOf?: ((diffId: Digest) => Promise<LayerSource['tar'] | undefined>) | undefined
  /** The diff IDs of images, from elsewhere: they prove what a chain of the same ID is made of. */
  readonly known?: readonly (readonly Digest[])[] | undefined
  readonly signal?: AbortSignal
}

/** Something that is not as it was written. */
export interface SnapshotFinding {
  /** `layer sha256:...`, `index sha256:...` */
  readonly subject: string
  /** A clause. */
  readonly problem: string
  /** `damaged` unless healing was asked for; `lost` when it did not work. */
  readonly state: 'damaged' | 'healed' | 'lost'
  /** What was done, or why nothing could be; a clause. */
  readonly action?: string
}

/** A mounted filesystem. Leaving the scope unmounts it. */
export interface SnapshotView extends AsyncDisposable {
  /** Absolute path of the mounted root. */
  readonly root: string
}

/**
 * A filesystem being written. Change it below `root`, then commit it with the
 * layer that says the same; leaving the scope uncommitted discards every change.
 *
 * Committing what already exists succeeds and discards this copy: two builds
 * that arrive at the same layers race harmlessly.
 */
export interface ActiveSnapshot extends SnapshotView {
  /** The directory that holds only the changes, as overlayfs writes them; `diff` reads it. */
  readonly upper: string
  /**
   * Commits under the chain ID of the parent and `layer`, and returns that.
   * `layer` holds the same changes: snapshots that keep archives keep it, and
   * others keep the changes.
   */
  commit(layer: LayerSource): Promise<Digest>
}

/** A container's root. Disposing unmounts it and keeps the changes. */
export interface ContainerSnapshot extends SnapshotView {
  readonly upper: string
}
