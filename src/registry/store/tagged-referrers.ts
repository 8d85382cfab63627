import type { ContentSource } from '#content'
import { type Descriptor, type Digest, isIndexType, limits, parseIndex } from '#oci'
import { toBuffer } from '#stream'
import { lexically, type RepositoryFacts } from './facts.ts'
import { referrersTag } from './referrer.ts'

export interface TaggedReferrersOptions {
  readonly facts: RepositoryFacts
  readonly blobs: ContentSource
  /** Returns only manifests whose digest comes after this one. */
  readonly after?: string | undefined
}

/**
 * Returns the present manifests of the referrers tag, each once and sorted by digest.
 * Clients write this tag for registries without a referrers API.
 */
export async function taggedReferrers(
  subject: Digest,
  { facts, blobs, after = '' }: TaggedReferrersOptions,
): Promise<readonly Descriptor[]> {
  const digest = await facts.findTag(referrersTag(subject))
  const member = digest && (await facts.find('manifest', digest))
  if (member === undefined || !isIndexType(member.descriptor.mediaType)) return []
  const raw = await toBuffer(blobs.read(member.descriptor), limits.manifestSize)
  const { manifests } = parseIndex(raw, member.descriptor.mediaType)
  const listed = new Map(manifests.map((each) => [each.digest, each]))
  const present: Descriptor[] = []
  for (const each of listed.values()) {
    const isThere = each.digest > after && (await facts.find('manifest', each.digest))
    if (isThere) present.push(each)
  }
  return present.sort((one, other) => lexically(one.digest, other.digest))
}

/** Merges two lists in the order of their digests. An element of both comes from the second. */
export async function* mergeReferrers(
  some: readonly Descriptor[],
  others: AsyncIterable<Descriptor>,
): AsyncGenerator<Descriptor> {
  let at = 0
  for await (const other of others) {
    for (let one = some[at]; one !== undefined && one.digest <= other.digest; one = some[++at]) {
      if (one.digest !== other.digest) yield one
    }
    yield other
  }
  yield* some.slice(at)
}
