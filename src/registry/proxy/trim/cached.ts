import { type Digest, isIndexType, parseManifestOrIndex } from '#oci'
import type { Registry } from '../../registry.ts'
import type { RegistryFacts } from '../../store/facts.ts'
import type { MemberRecord, RegistryLedger } from '../../store/ledger.ts'
import { unlessUnknown } from '../upstream.ts'

/** The parts of a registry that a cache is trimmed by. */
export interface TrimmedRegistry {
  readonly registry: Registry
  readonly facts: RegistryFacts
  readonly ledger: RegistryLedger
}

/** A manifest of a cached repository. Times are milliseconds since 1970. */
export interface CachedManifest {
  readonly repository: string
  readonly digest: Digest
  readonly mediaType: string
  /** Of the manifest itself. */
  readonly size: number
  readonly tags: readonly string[]
  /** When it was pulled last; when it was fetched, if never. */
  readonly usedAt: number
  /** The rule that keeps it. */
  readonly pinnedBy?: string | undefined
}

/** Returns the rule that keeps a tag whatever else happens. */
export type Pins = (repository: string, tag: string) => string | undefined

/** Returns the bytes that the repositories below some prefixes hold together. */
export async function cachedBytes(
  { ledger }: Pick<TrimmedRegistry, 'ledger'>,
  prefixes: readonly string[],
): Promise<number> {
  let bytes = 0
  for (const prefix of prefixes) bytes += (await ledger.usage(prefix)).bytes
  return bytes
}

/** Yields the manifests of the repositories below some prefixes, in no order. */
export async function* listCached(
  parts: TrimmedRegistry,
  prefixes: readonly string[],
  pins: Pins = () => undefined,
): AsyncGenerator<CachedManifest> {
  for await (const repository of repositoriesBelow(parts.facts, prefixes)) {
    const tags = await Array.fromAsync(parts.ledger.tags(repository))
    const tagsOf = Map.groupBy(tags, ({ digest }) => digest)
    const pinned = new Map<Digest, string>()
    for (const { name, digest } of tags) {
      const rule = pins(repository, name)
      if (rule === undefined) continue
      for (const each of await withParts(parts.registry, repository, digest)) pinned.set(each, rule)
    }
    for await (const member of parts.ledger.members(repository, 'manifest')) {
      const { digest, mediaType, size } = member.descriptor
      const own = tagsOf.get(digest) ?? []
      const usedAt = Math.max(lastUse(member), ...own.map(({ pulledAt }) => pulledAt ?? 0))
      const pinnedBy = pinned.get(digest)
      const names = own.map(({ name }) => name)
      yield { repository, digest, mediaType, size, tags: names, usedAt, pinnedBy }
    }
  }
}

export function lastUse({ addedAt, pulledAt }: MemberRecord): number {
  return Math.max(addedAt, pulledAt ?? 0)
}

/** Names are in lexical order, so those below a prefix follow each other. */
async function* repositoriesBelow(
  facts: RegistryFacts,
  prefixes: readonly string[],
): AsyncGenerator<string> {
  for (const prefix of prefixes) {
    for await (const name of facts.repositories({ after: `${prefix}/` })) {
      if (!name.startsWith(`${prefix}/`)) break
      yield name
    }
  }
}

/** An index stays with the manifests of its platforms that the cache has. */
async function withParts(
  { repository }: Registry,
  name: string,
  digest: Digest,
): Promise<readonly Digest[]> {
  const found = await unlessUnknown(repository(name).readManifest(digest))
  if (found === undefined || !isIndexType(found.descriptor.mediaType)) return [digest]
  const parsed = parseManifestOrIndex(found.raw, found.descriptor.mediaType)
  const parts = parsed.kind === 'index' ? parsed.index.manifests : []
  return [digest, ...parts.map((each) => each.digest)]
}
