import type { Digest } from '#oci'
import type { MemberKind } from './facts.ts'

/**
 * How exact the time is, in milliseconds, at which a free member was used last. A collection treats
 * everything as used for that much longer.
 */
export const useResolution = 60_000

/**
 * What a collection asks the facts of a registry. Nothing is searched: members that lose their last
 * tag, name or subject, and content that loses its last repository, are noted when that happens.
 */
export interface RegistryCollection {
  /**
   * Removes at most `limit` members that nothing has held since the time of `limits`, and returns
   * them. What only they named becomes free at `now`. One transaction, so that a member that a
   * push begins to use is either kept or unknown to the push.
   */
  removeFree(limits: FreeLimits, limit: number): Promise<readonly FreedMember[]>
  /** Yields what `removeFree` would remove now, without what it would free by that. */
  listFree(limits: FreeLimits): AsyncIterable<FreedMember>
  /**
   * Returns content that may have been unheld since `before`, the longest first, at most `limit`. What
   * a call returns counts as unheld since now, so that nobody gets it again soon, and somebody does
   * after a crash.
   */
  claimUnheld(before: number, limit: number): Promise<readonly UnheldClaim[]>
  /** Records that content is gone or held, unless a repository has dropped it since the claim. */
  forgetUnheld(claims: readonly UnheldClaim[]): Promise<void>
  /** Records which of the digests no repository holds, unless that is recorded already. */
  noteUnheld(digests: readonly Digest[]): Promise<void>
  /** Returns true if a repository holds the digest now. */
  isHeld(digest: Digest): Promise<boolean>
}

/** Content that a collection decides about. */
export interface UnheldClaim {
  readonly digest: Digest
  readonly claimedAt: number
  /** A repository holds it again. */
  readonly isHeld: boolean
}

/** Times in milliseconds since 1970, by kind: a member that is free since an earlier one goes. */
export type FreeLimits = Readonly<Record<MemberKind, number>>

export interface FreedMember {
  readonly repository: string
  readonly kind: MemberKind
  readonly digest: Digest
  readonly size: number
  readonly freeSince: number
}
