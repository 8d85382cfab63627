import type { Descriptor, Digest } from '#oci'

/**
 * The facts of a registry: the members and tags of each repository. They are apart from
 * the blobs, so that one store can serve many repositories, and a blob of one cannot be
 * read through another.
 */
export interface RegistryFacts {
  /** `name` passed the grammar; the repository need not exist yet. */
  repository(name: string): RepositoryFacts
  /** Names in lexical order. */
  repositories(options?: { readonly after?: string | undefined }): AsyncIterable<string>
  /** Removes the tags and the name of a repository. Its members must have been removed. */
  forget(name: string): Promise<void>
  /** Yields the repositories that hold a blob or manifest, in no order. Yields one that holds it as both twice. */
  holders(digest: Digest): AsyncIterable<string>
}

/** The facts of one repository. Answers come from the records, never from a cache of digests. */
export interface RepositoryFacts {
  /** Returns true after the first member was added. */
  exists(): Promise<boolean>
  /** The caller may rely on the member: a collection leaves it alone for its delay from now on. */
  find(kind: MemberKind, digest: Digest): Promise<Member | undefined>
  /**
   * Called after the content is durable. Adding a known member replaces it. Throws `DENIED` when a
   * new one does not fit into a quota.
   */
  add(member: Member, change?: Change): Promise<void>
  /**
   * Removes a manifest's tags as well. Returns the tags that forbid it, and removes nothing then; see
   * `Removal`. An absent member is not an error.
   */
  remove(kind: MemberKind, digest: Digest, removal?: Removal): Promise<readonly string[]>
  findTag(tag: string): Promise<Digest | undefined>
  /**
   * `undefined` removes the tag. The conditions of `change` are checked in the same step: no process
   * can change the tag or its manifest in between.
   */
  setTag(tag: string, digest: Digest | undefined, change?: TagChange): Promise<TagOutcome>
  /** In lexical order. */
  tags(options?: { readonly after?: string }): AsyncIterable<string>
  /** Members whose subject is `subject`, by digest. */
  referrers(
    subject: Digest,
    options?: { readonly after?: string | undefined },
  ): AsyncIterable<Descriptor>
}

/** Who changes facts, and within which limits. Stores without a ledger have neither senders nor quotas. */
export interface Change {
  readonly by?: string | undefined
  readonly quotas?: readonly Quota[] | undefined
}

export interface TagChange {
  readonly by?: string | undefined
  /** Leaves a tag alone that has another digest. */
  readonly onlyNew?: boolean | undefined
  /** Leaves a tag alone that has another digest than this one. */
  readonly from?: Digest | undefined
  /** Sets no tag whose manifest the repository does not hold. */
  readonly onlyHeld?: boolean | undefined
}

/**
 * `done`: the tag is as it was asked for. `taken`: it has another digest, which a condition forbids to
 * change. `unheld`: the repository does not hold the manifest.
 */
export type TagOutcome = 'done' | 'taken' | 'unheld'

/** Returns true if a condition forbids to change a tag that has the digest `before`. */
export function isTaken(
  before: Digest | undefined,
  digest: Digest | undefined,
  { onlyNew = false, from }: TagChange,
): boolean {
  if (before === digest) return false
  return (onlyNew && before !== undefined) || (from !== undefined && before !== from)
}

/** Who removes a member, and under which condition. */
export interface Removal {
  readonly by?: string | undefined
  /** A manifest with any other tag stays. Default: its tags do not matter. */
  readonly onlyTags?: readonly string[] | undefined
}

/** Returns the tags of a manifest that forbid its removal. */
export function tagsAgainst(own: readonly string[], { onlyTags }: Removal): readonly string[] {
  return onlyTags === undefined ? [] : own.filter((tag) => !onlyTags.includes(tag))
}

/** A limit of the bytes of the repositories below a prefix, or of what a sender has added. */
export interface Quota {
  /** For messages, such as `the quota of team/`. */
  readonly name: string
  readonly of: { readonly prefix: string } | { readonly sender: string }
  readonly bytes: number
}

export type MemberKind = 'blob' | 'manifest'

/** A blob or manifest that a repository holds. */
export interface Member {
  readonly kind: MemberKind
  /** Has the artifact type and annotations if the manifest has a subject. */
  readonly descriptor: Descriptor
  readonly subject?: Digest
  /**
   * What a manifest names: its config, layers and manifests. Stores use it to find content that
   * nothing names; those without a collection drop it.
   */
  readonly names?: readonly Digest[]
}

/** Code unit order, which for these ASCII names is the order of the specification. */
export function lexically(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
