import { type Descriptor, isStrakeError } from '#oci'
import type { Repository } from '../../registry.ts'
import type { Context } from '../context.ts'

/** Points a tag to a manifest, and notes what it meant before if somebody is told about it. */
export async function moveTag(
  { options, moves }: Context,
  repository: Repository,
  { tag, target }: { readonly tag: string; readonly target: Descriptor },
): Promise<void> {
  const previous = options.tellsMoves === true ? await meaningOf(repository, tag) : undefined
  await repository.tag(tag, target)
  if (options.tellsMoves !== true || previous === target.digest) return
  moves.push({ tag, ...(previous !== undefined && { previous }) })
}

async function meaningOf(repository: Repository, tag: string): Promise<string | undefined> {
  try {
    return (await repository.resolve(tag)).digest
  } catch (error) {
    if (isStrakeError(error, 'MANIFEST_UNKNOWN', 'NAME_UNKNOWN')) return undefined
    throw error
  }
}
