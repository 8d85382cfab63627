import type { Digest } from '#oci'
import type { RegistryFacts } from '../store/facts.ts'
import type { RegistryLedger, TagRecord } from '../store/ledger.ts'
import { decideRetention, type RetentionRule } from './retention.ts'

export interface RetainOptions {
  readonly rules: readonly RetentionRule[]
  /** Returns milliseconds since 1970. */
  readonly now: () => number
  /** Digests that a cluster runs. Their tags stay. */
  readonly inUse?: ReadonlySet<Digest> | undefined
  /** Returns the rule that keeps a tag whatever retention says. */
  readonly fixedBy?: ((repository: string, tag: string) => string | undefined) | undefined
  /** Only reports. */
  readonly dryRun?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export interface RemovedTag {
  readonly repository: string
  readonly tag: string
  readonly digest: Digest
}

/** Who removes tags by retention, in the log of tags. */
const by = 'retention'

/**
 * Removes the tags that no rule keeps, repository by repository, and yields them. A tag that moved
 * since it was read stays. Manifests that lose their last tag are left to the collection.
 */
export async function* retain(
  {
    facts,
    ledger,
  }: { readonly facts: RegistryFacts; readonly ledger: Pick<RegistryLedger, 'tags'> },
  { rules, now, inUse, fixedBy, dryRun = false, signal }: RetainOptions,
): AsyncGenerator<RemovedTag> {
  if (rules.length === 0) return
  for await (const repository of facts.repositories()) {
    signal?.throwIfAborted()
    if (!rules.some((rule) => rule.repositories.some((glob) => glob.test(repository)))) continue
    const tags: TagRecord[] = await Array.fromAsync(ledger.tags(repository))
    for (const { tag, keptBy } of decideRetention(repository, tags, { rules, now: now(), inUse })) {
      const { name, digest } = tag
      if (keptBy !== undefined || fixedBy?.(repository, name) !== undefined) continue
      const own = facts.repository(repository)
      const isSame = dryRun
        ? (await own.findTag(name)) === digest
        : (await own.setTag(name, undefined, { by, from: digest })) === 'done'
      if (!isSame) continue
      yield { repository, tag: name, digest }
    }
  }
}
