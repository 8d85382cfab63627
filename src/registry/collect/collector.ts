import type { FreedMember } from '../store/collection.ts'

/** What administrators see and do about collections. */
export interface CollectionAdmin {
  /** Returns what a collection would remove now, without what that would free in turn. */
  foresee(signal?: AbortSignal): Promise<Foreseen>
  /** Starts a collection, unless one runs. */
  start(): void
  state(): CollectionState
}

export interface Foreseen {
  readonly tags: number
  readonly manifests: number
  readonly blobs: number
  readonly bytes: number
  /** The first of them. */
  readonly first: readonly ForeseenItem[]
}

export type ForeseenItem =
  | Pick<FreedMember, 'repository' | 'kind' | 'digest' | 'size'>
  | { readonly repository: string; readonly kind: 'tag'; readonly tag: string }

export interface CollectionState {
  readonly isRunning: boolean
  /** Milliseconds between two collections; absent if the server does not collect by itself. */
  readonly interval?: number | undefined
  readonly last?: LastCollection | undefined
}

/** What the last collection of this server did. */
export interface LastCollection {
  readonly at: number
  /** It could not go on; the next one tries again. */
  readonly hasFailed: boolean
  readonly tags: number
  readonly manifests: number
  readonly blobs: number
  readonly bytes: number
}
