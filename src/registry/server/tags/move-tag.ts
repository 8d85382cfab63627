import { type Descriptor, isStrakeError } from '#oci'
import type { Repository } from '../../registry.ts'
import type { Context } from '../context.ts'

/** Points a tag to a manifest, and notes what it meant before if somebody is told about it. */
export async function moveTag(
  { options, moves }: Context,
  repository: Repository,
  { tag, target }: { readonly tag: string; readonly target: Descriptor },
): Promise<void> {
  if (options.tellsMoves !== true) return await repository.tag(tag, target)
  const previous = (await meaningOf(repository, tag))?.digest
  await repository.tag(tag, target)
  if (previous === target.digest) return
  moves.push({ tag, ...(previous !== undefined && { previous }) })
}

/** Returns the manifest that a reference means, or `undefined` if it means none. */
export async function meaningOf(
  repository: Repository,
  reference: string,
  signal?: AbortSignal,
): Promise<Descriptor | undefined> {
  try {
    return await repository.resolve(reference, signal)
  } catch (error) {
    if (isStrakeError(error, 'MANIFEST_UNKNOWN', 'NAME_UNKNOWN')) return undefined
    throw error
  }
}
