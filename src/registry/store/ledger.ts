import type { Digest } from '#oci'
import type { Member, MemberKind } from './facts.ts'

/**
 * What the database of a registry remembers beside members and tags: who moved a tag and when, what
 * was pulled when, and how much a repository holds. Times are milliseconds since 1970.
 */
export interface RegistryLedger {
  /**
   * Returns the moves of a tag, the newest first. They stay when the tag or its repository is gone.
   */
  tagMoves(repository: string, tag: string, query: MoveQuery): Promise<readonly TagMove[]>
  /** Yields the tags of a repository in lexical order. */
  tags(repository: string, options?: { readonly after?: string }): AsyncIterable<TagRecord>
  /** Yields the members of one kind by digest. */
  members(
    repository: string,
    kind: MemberKind,
    options?: { readonly after?: Digest },
  ): AsyncIterable<MemberRecord>
  /** Records pulls. A manifest or tag that is gone is not an error. */
  notePulls(pulls: readonly Pull[]): Promise<void>
  /** Counts `prefix` itself and the repositories below it; everything without one. */
  usage(prefix?: string): Promise<Usage>
  /** Returns the bytes of members that a sender added and that are still there. */
  usageOf(sender: string): Promise<number>
}

export interface MoveQuery {
  readonly limit: number
  /** Only moves before the one with this ID. */
  readonly before?: number | undefined
  /** Only moves before this time. */
  readonly olderThan?: number | undefined
  /** Only moves to this manifest, and removals from it. */
  readonly digest?: Digest | undefined
}

export interface TagMove {
  /** Grows with each move of the registry. */
  readonly id: number
  /** Absent: the tag was removed. */
  readonly digest?: Digest | undefined
  readonly previous?: Digest | undefined
  readonly movedAt: number
  readonly movedBy?: string | undefined
  /** Of the manifest that the tag got or lost, if the repository had it. */
  readonly mediaType?: string | undefined
  readonly size?: number | undefined
}

export interface TagRecord {
  readonly name: string
  readonly digest: Digest
  readonly movedAt: number
  readonly movedBy?: string | undefined
  readonly pulledAt?: number | undefined
}

export interface MemberRecord extends Member {
  readonly addedAt: number
  readonly pulledAt?: number | undefined
  /** Who added it first. */
  readonly addedBy?: string | undefined
  /** Since when nothing holds it: no tag, no manifest that names it, and no subject that is there. */
  readonly freeSince?: number | undefined
}

export interface Pull {
  readonly repository: string
  readonly digest: Digest
  /** If the sender asked for a tag. */
  readonly tag?: string | undefined
  readonly at: number
}

export interface Usage {
  readonly repositories: number
  readonly manifests: number
  readonly tags: number
  /** The bytes of blobs and manifests. What two repositories hold counts twice. */
  readonly bytes: number
}
