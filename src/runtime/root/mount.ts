import type { PlaceKind } from './container-view.ts'

/** A mount that a user requested. Its source is resolved and checked. */
export interface ContainerMount {
  readonly type: 'bind' | 'tmpfs'
  /** Absolute path on the host. Any text for a tmpfs. */
  readonly source: string
  /** Absolute path in the container. */
  readonly destination: string
  readonly readOnly?: boolean | undefined
  /** Default `rprivate`: later mounts on one side do not appear on the other. */
  readonly propagation?:
    | 'private'
    | 'rprivate'
    | 'shared'
    | 'rshared'
    | 'slave'
    | 'rslave'
    | undefined
  /**
   * What is mounted below the source: `disabled` leaves it out, and `writable` leaves it writable in
   * a read-only mount. Default: it is mounted with the access of the mount.
   */
  readonly recursion?: 'disabled' | 'writable' | 'readonly' | undefined
  /** Options of a tmpfs: `size=64m`, `mode=1777`, `noexec`. */
  readonly options?: readonly string[] | undefined
  /**
   * The source is a mount that strake has made with its access and propagation. The runtime only
   * binds it.
   */
  readonly isReady?: boolean | undefined
}

/** A mount and the kind of its mount point. */
export interface RootMount extends ContainerMount {
  readonly point: PlaceKind
  /** A file or directory in the source. Links in the source lead to places in the source. */
  readonly subpath?: string | undefined
  /** The source is unmounted before the container starts, so it is mounted again beforehand. */
  readonly isBrief?: boolean | undefined
}
