import { type Annotations, type Descriptor, type Digest, isStrakeError } from '#oci'
import type { Repository } from '#registry'

/** Something that is attached to an image, such as a signature, and what is attached to it. */
export interface Referrer {
  readonly digest: Digest
  readonly size: number
  readonly artifactType?: string | undefined
  readonly annotations?: Annotations | undefined
  readonly referrers: readonly Referrer[]
}

const mostDepth = 3
const mostReferrers = 200

/** Returns the tree of what is attached to a manifest. */
export async function readReferrers(
  repository: Repository,
  subject: Digest,
  signal: AbortSignal,
): Promise<readonly Referrer[]> {
  const budget = { left: mostReferrers }
  const read = async (digest: Digest, depth: number): Promise<readonly Referrer[]> => {
    const found: Descriptor[] = []
    if (depth > mostDepth) return []
    try {
      for await (const each of repository.referrers(digest, { signal })) {
        if (budget.left === 0) break
        budget.left -= 1
        found.push(each)
      }
    } catch (error) {
      if (!isStrakeError(error)) throw error
    }
    const result: Referrer[] = []
    for (const { digest: own, size, artifactType, annotations } of found) {
      const referrers = await read(own, depth + 1)
      result.push({ digest: own, size, artifactType, annotations, referrers })
    }
    return result
  }
  return read(subject, 1)
}
