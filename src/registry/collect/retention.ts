import type { Digest } from '#oci'
import type { Glob } from '../policy/glob.ts'
import type { TagRecord } from '../store/ledger.ts'

/** What a rule keeps. A tag that no criterion of its rule keeps is removed. */
export interface RetentionRule {
  /** The rule applies to these repositories. */
  readonly repositories: readonly Glob[]
  /** And to these tags; default: all. */
  readonly tags?: readonly Glob[] | undefined
  readonly keep: RetentionCriteria
}

/** A tag stays if one criterion that is present holds. */
export interface RetentionCriteria {
  /** The tags that were pushed last. */
  readonly newestPushed?: number | undefined
  /** The tags that were pulled last. */
  readonly newestPulled?: number | undefined
  /** Milliseconds. */
  readonly pushedWithin?: number | undefined
  /** Milliseconds. A tag that was never pulled counts from its push. */
  readonly pulledWithin?: number | undefined
}

export interface RetentionDecision {
  readonly tag: TagRecord
  /** Why it stays, or `undefined` if it goes. */
  readonly keptBy: string | undefined
}

/**
 * Decides about the tags of a repository. The first rule for a tag decides; a tag without a rule
 * stays, and so does one whose digest is in use.
 */
export function decideRetention(
  repository: string,
  tags: readonly TagRecord[],
  {
    rules,
    now,
    inUse,
  }: {
    readonly rules: readonly RetentionRule[]
    readonly now: number
    readonly inUse?: ReadonlySet<Digest> | undefined
  },
): readonly RetentionDecision[] {
  const own = rules.filter((rule) => rule.repositories.some((glob) => glob.test(repository)))
  const byRule = Map.groupBy(tags, (tag) =>
    own.find((rule) => rule.tags === undefined || rule.tags.some((glob) => glob.test(tag.name))),
  )
  return [...byRule].flatMap(([rule, group]) => {
    if (rule === undefined) return group.map((tag) => ({ tag, keptBy: 'no rule is for it' }))
    const keptBy = keepers(group, rule.keep, now)
    return group.map((tag) => ({
      tag,
      keptBy: inUse?.has(tag.digest) === true ? 'its digest is in use' : keptBy(tag),
    }))
  })
}

function keepers(
  tags: readonly TagRecord[],
  { newestPushed, newestPulled, pushedWithin, pulledWithin }: RetentionCriteria,
  now: number,
): (tag: TagRecord) => string | undefined {
  const pulledAt = (tag: TagRecord): number => tag.pulledAt ?? tag.movedAt
  const pushed = newest(tags, newestPushed, (tag) => tag.movedAt)
  const pulled = newest(tags, newestPulled, pulledAt)
  return (tag) => {
    if (pushed.has(tag)) return `it is one of the ${newestPushed} that were pushed last`
    if (pulled.has(tag)) return `it is one of the ${newestPulled} that were pulled last`
    if (pushedWithin !== undefined && now - tag.movedAt <= pushedWithin)
      return 'it was pushed recently'
    if (pulledWithin !== undefined && now - pulledAt(tag) <= pulledWithin) {
      return 'it was pulled recently'
    }
    return undefined
  }
}

/** Returns the `count` tags with the latest times. Tags of one time are ordered by name. */
function newest(
  tags: readonly TagRecord[],
  count: number | undefined,
  time: (tag: TagRecord) => number,
): ReadonlySet<TagRecord> {
  if (count === undefined) return new Set()
  const sorted = tags.toSorted(
    (one, other) => time(other) - time(one) || (one.name < other.name ? 1 : -1),
  )
  return new Set(sorted.slice(0, count))
}
