import type { Descriptor, Digest } from '#oci'

/**
 * What a registry knows besides its content: which repository holds what, and
 * under which names. Kept apart from the blobs, so that one store can serve many
 * repositories without a blob of one being readable through another.
 */
export interface RegistryFacts {
  /** `name` passed the grammar; the repository need not exist yet. */
  repository(name: string): RepositoryFacts
  /** Names in lexical order. */
  repositories(options?: { readonly after?: string | undefined }): AsyncIterable<string>
  /** Removes the tags and the name of a repository. Its members must have been removed. */
  forget(name: string): Promise<void>
  /** The repositories that hold a blob or manifest, in no order; one that holds both may come twice. */
  holders(digest: Digest): AsyncIterable<string>
}

/** Every answer comes from the authoritative record, never from a cache of digests. */
export interface RepositoryFacts {
  /** True once something was added. */
  exists(): Promise<boolean>
  find(kind: MemberKind, digest: Digest): Promise<Member | undefined>
  /** Call it after the content is durable. Adding what is there is not an error. */
  add(member: Member): Promise<void>
  /** A manifest's tags go with it. Absent is not an error. */
  remove(kind: MemberKind, digest: Digest): Promise<void>
  findTag(tag: string): Promise<Digest | undefined>
  /** `undefined` removes the tag. */
  setTag(tag: string, digest: Digest | undefined): Promise<void>
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
  /** With artifact type and annotations where the manifest has a subject. */
  readonly descriptor: Descriptor
  readonly subject?: Digest
}

/** Code unit order, which for these ASCII names is the order of the specification. */
export function lexically(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
