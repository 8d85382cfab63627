import { type Digest, type ImageName, parseImageName, recordedName, StrakeError } from '#oci'
import type { ImageRecord } from '#records'
import { indexState, publishIndex } from '../content/publish-index.ts'
import type { Engine } from '../engine.ts'
import { getImage } from './find-image.ts'
import { imageEvent } from './image-events.ts'

/** Names the image `source` also `target`; a name that meant another image moves. */
export async function tagImage(engine: Engine, source: string, target: string): Promise<string> {
  const name = parseImageName(target)
  const { image } = getImage(engine.records, source)
  await setTag(engine, name, image, 'tag')
  return name
}

/** Points `name` at a manifest that is in the store, and republishes the layout's index. */
export async function setTag(
  engine: Engine,
  name: ImageName,
  { digest, imageId, mediaType, size }: ImageRecord,
  by: 'tag' | 'rollback',
): Promise<void> {
  const { records } = engine
  const target = { mediaType, digest, size }
  const moved = await records.write(() => {
    records.events.append(imageEvent('tag', imageId, name))
    return records.tags.set(name, target, by)
  })
  // A killed process may have moved the name and not written the index.
  if (moved || (await indexState(engine)) !== 'current') await publishIndex(engine)
}

/** One change of what a name means. */
export interface TagLogEntry {
  readonly name: string
  readonly time: Date
  /** The verb that moved it. */
  readonly action: string
  /** Of the manifest; absent when the name was removed. */
  readonly digest?: Digest
  /** Absent when the name was removed, and when the image is no longer in the store. */
  readonly imageId?: Digest | undefined
}

/** Everything `text` ever meant, newest first. Throws `NOT_FOUND` for a name that never was. */
export async function tagLog(engine: Engine, text: string): Promise<readonly TagLogEntry[]> {
  const name = recordedName(text)
  const moves = engine.records.tags.history(name)
  if (moves.length === 0) {
    throw new StrakeError(
      'NOT_FOUND',
      `Cannot show the log of ${text}: there was never such a name`,
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
  return { digest, imageId: records.images.get(digest)?.imageId }
}

/**
 * Moves a name back to the image it meant before its last move. Throws
 * `NOT_FOUND` when there is none, or when that image has been removed since.
 */
export async function rollbackTag(engine: Engine, text: string): Promise<TagLogEntry> {
  const name = recordedName(text)
  const target = engine.records.tags.rollbackTarget(name)
  if (target === undefined) {
    throw new StrakeError('NOT_FOUND', `Cannot roll back ${text}: it meant nothing before`)
  }
  const image = engine.records.images.get(target.digest)
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
    ...describeTarget(engine, image.digest),
  }
}
