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
}
