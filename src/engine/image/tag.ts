import { type Digest, type ImageName, parseImageName, recordedName, StrakeError } from '#oci'
import { indexState, publishIndex } from '../content/publish-index.ts'
import type { Engine } from '../engine.ts'
import { type FoundTarget, getTarget, targetOf } from './find-target.ts'
import { imageEvent } from './image-events.ts'

/** Names the image or index `source` also `target`; a name that meant another image moves. */
export async function tagImage(engine: Engine, source: string, target: string): Promise<string> {
  const name = parseImageName(target)
  await setTag(engine, name, getTarget(engine.records, source), 'tag')
  return name
}

/** Points `name` at a manifest or index that is in the store, and republishes the layout's index. */
export async function setTag(
  engine: Engine,
  name: ImageName,
  { descriptor, id }: FoundTarget,
  by: 'tag' | 'rollback',
): Promise<void> {
  const { records } = engine
  const moved = await records.write(() => {
    records.events.append(imageEvent('tag', id, name))
    return records.tags.set(name, descriptor, by)
  })
  // A process that was killed may have moved the name without writing the index.
  if (moved || (await indexState(engine)) !== 'current') await publishIndex(engine)
}

/** One change of the target of a name. */
export interface TagLogEntry {
  readonly name: string
  readonly time: Date
  /** The verb that moved it. */
  readonly action: string
  /** The digest of the manifest or index; absent when the name was removed. */
  readonly digest?: Digest
  /** Absent if the name was removed, or if the image is no longer in the store. */
  readonly imageId?: Digest | undefined
}

/** Returns all changes of a name, newest first. Throws `NOT_FOUND` for a name without changes. */
export async function tagLog(engine: Engine, text: string): Promise<readonly TagLogEntry[]> {
  const name = recordedName(text)
  const moves = engine.records.tags.history(name)
  if (moves.length === 0) {
    throw new StrakeError(
      'NOT_FOUND',
      `Cannot show the log of ${text}: no image ever had this name`,
    )
  }
  return moves.map((move) => ({
    name,
    time: new Date(move.at),
    action: move.by,
    ...(move.target === null ? {} : describeTarget(engine, move.target.digest)),
  }))
}

function describeTarget(
  { records }: Engine,
  digest: Digest,
): Pick<TagLogEntry, 'digest' | 'imageId'> {
  return { digest, imageId: targetOf(records, digest)?.id }
}

/**
 * Moves a name back to its previous image. Throws `NOT_FOUND` if there is none, or if that
 * image has been removed.
 */
export async function rollbackTag(engine: Engine, text: string): Promise<TagLogEntry> {
  const name = recordedName(text)
  const target = engine.records.tags.rollbackTarget(name)
  if (target === undefined) {
    throw new StrakeError('NOT_FOUND', `Cannot roll back ${text}: it has no earlier image`)
  }
  const image = targetOf(engine.records, target.digest)
  if (image === undefined) {
    throw new StrakeError(
      'NOT_FOUND',
      `Cannot roll back ${text}: the image ${target.digest} is no longer in the store`,
      { remedy: `pull or build it again, then strake tag it ${text}` },
    )
  }
  await setTag(engine, name, image, 'rollback')
  return {
    name: text,
    time: new Date(),
    action: 'rollback',
    ...describeTarget(engine, image.descriptor.digest),
  }
}
