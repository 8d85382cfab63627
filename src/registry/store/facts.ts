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
  /** Called after the content is durable. Adding a known member replaces it. `by` is the sender. */
  add(member: Member, by?: string): Promise<void>
  /** Removes a manifest's tags as well. An absent member is not an error. */
  remove(kind: MemberKind, digest: Digest): Promise<void>
  findTag(tag: string): Promise<Digest | undefined>
  /** `undefined` removes the tag. `by` is the sender, for the log of tags. */
  setTag(tag: string, digest: Digest | undefined, by?: string): Promise<void>
  /** In lexical order. */
  tags(options?: { readonly after?: string }): AsyncIterable<string>
  /** Members whose subject is `subject`, by digest. */
  referrers(
    subject: Digest,
    options?: { readonly after?: string | undefined },
  ): AsyncIterable<Descriptor>
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
