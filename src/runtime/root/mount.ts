import type { PlaceKind } from './container-view.ts'

/** A mount a user asked for, its source already resolved and checked. */
export interface ContainerMount {
  readonly type: 'bind' | 'tmpfs'
  /** Absolute path on the host; for a tmpfs anything. */
  readonly source: string
  /** Absolute path in the container. */
  readonly destination: string
  readonly readOnly?: boolean
  /** Default `rprivate`: mounts made on one side later do not show on the other. */
  readonly propagation?: 'private' | 'rprivate' | 'shared' | 'rshared' | 'slave' | 'rslave'
  /** Of a tmpfs: `size=64m`, `mode=1777`, `noexec`… */
  readonly options?: readonly string[]
  /** The source is a mount of ours that has its access and propagation: the runtime only binds it. */
  readonly isReady?: boolean | undefined
}

/** A mount, and what lies at its destination. */
export interface RootMount extends ContainerMount {
  readonly point: PlaceKind
}
