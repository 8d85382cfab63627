import { StrakeError } from '#oci'
import type { Engine } from '../engine.ts'
import { namesIn } from '../image/find-image.ts'
import { parseRepository } from '../pull/repository-name.ts'

/** Returns the names in the store of a repository, sorted. Throws `NOT_FOUND` when it has none, and `INVALID`. */
export function namesToPush({ records }: Pick<Engine, 'records'>, text: string): readonly string[] {
  const { registry, repository } = parseRepository(text)
  const names = namesIn(records, `${registry}/${repository}`)
  if (names.length > 0) return names.toSorted()
  throw new StrakeError('NOT_FOUND', `Cannot push ${text}: the store has no image of this name`, {
    remedy: `strake tag IMAGE ${text}:TAG, or see strake images`,
  })
}
