import { type Digest, familiarReference, parseReference, StrakeError } from '#oci'
import type { ImageRecord } from '#records'
import { cleanAfterCrash } from '../begin-work.ts'
import { collectGarbage, collectImage } from '../collect/collect-garbage.ts'
import { type ImageParts, partsOf } from '../collect/image-parts.ts'
import { tryPublishIndex } from '../content/publish-index.ts'
import type { Engine } from '../engine.ts'
import { type FoundImage, getImage, isDigestName, repositoryOf } from './find-image.ts'
import { imageEvent } from './image-events.ts'
import { containersOf } from './image-use.ts'

/** The names and content that `rmi` removed. */
export interface Removed {
  /** Names in familiar form. */
  readonly untagged: readonly string[]
  /** Image IDs, then chain IDs of removed file systems. */
  readonly deleted: readonly Digest[]
}

export interface RemoveOptions {
  /** Remove an image by ID although it has several names, or although stopped containers use it. */
  readonly force?: boolean
}

/**
 * Removes a name; with the last name also the image, and all content that nothing else
 * uses. Throws `NOT_FOUND`, and `CONFLICT` if a container uses the image.
 */
export async function removeImage(
  engine: Engine,
  text: string,
  { force = false }: RemoveOptions = {},
): Promise<Removed> {
  await cleanAfterCrash(engine)
  const found = getImage(engine.records, text)
  const names = namesToRemove(engine, found, text, force)
  const left = plainNames(engine, found.image).filter((name) => !names.includes(name))
  if (left.length === 0) refuseWhileUsed(engine, found.image, text, force)
  const isLast = left.length === 0 && containersOf(engine, found.image.imageId).length === 0
  // Read before the removal, while the content is certainly there.
  const parts = isLast ? await partsOf(engine, found.image) : undefined
  const { records } = engine
  const { digest, imageId } = found.image
  const untagged = await records.write(() => {
    const gone = untag(engine, found.image, names)
    for (const name of gone) records.events.append(imageEvent('untag', imageId, name))
    if (isLast && records.images.remove(digest))
      records.events.append(imageEvent('delete', imageId))
    return gone
  })
  const isPublished = await tryPublishIndex(engine)
  const deleted = isLast ? await dropContent(engine, found.image, parts) : []
  if (!isPublished) await tryPublishIndex(engine)
  return { untagged: untagged.map(familiar), deleted }
}

function plainNames({ records }: Engine, image: ImageRecord): readonly string[] {
  return records.tags.namesOf(image.digest).filter((name) => !isDigestName(name))
}

function namesToRemove(
  engine: Engine,
  { image, name }: FoundImage,
  text: string,
  force: boolean,
): readonly string[] {
  if (name !== undefined) return [name]
  const names = plainNames(engine, image)
  if (names.length <= 1 || force) return names
  throw new StrakeError(
    'CONFLICT',
    `Cannot remove image ${text}: it has ${names.length} names (${names.map(familiar).join(', ')})`,
    { remedy: 'name the one to remove, or add --force' },
  )
}

function refuseWhileUsed(engine: Engine, image: ImageRecord, text: string, force: boolean): void {
  const users = containersOf(engine, image.imageId)
  const blocking = force ? users.filter(({ isRunning }) => isRunning) : users
  const [user] = blocking
  if (user === undefined) return
  const state = user.isRunning ? 'running' : 'stopped'
  throw new StrakeError(
    'CONFLICT',
    `Cannot remove image ${text}: the ${state} container ${user.name} uses it`,
    { remedy: user.isRunning ? `strake rm -f ${user.name}` : `strake rm ${user.name}, or --force` },
  )
}

/** Removes names; with the last tag of a repository also its digest names. Returns all removed names. */
function untag(engine: Engine, image: ImageRecord, names: readonly string[]): readonly string[] {
  const { tags } = engine.records
  const gone = names.filter((name) => tags.remove(name, 'rmi'))
  const left = tags.namesOf(image.digest)
  const repositories = new Set(left.filter((name) => !isDigestName(name)).map(repositoryOf))
  const orphans = left.filter((name) => isDigestName(name) && !repositories.has(repositoryOf(name)))
  for (const name of orphans) tags.remove(name, 'rmi')
  return [...gone, ...orphans]
}

/** Collects the parts of a removed image; for an unreadable image, whose parts are unknown, the whole store. */
async function dropContent(
  engine: Engine,
  { imageId }: ImageRecord,
  parts: ImageParts | undefined,
): Promise<readonly Digest[]> {
  if (parts !== undefined) return [imageId, ...(await collectImage(engine, parts))]
  await collectGarbage(engine, { chains: [] })
  return [imageId]
}

function familiar(name: string): string {
  return familiarReference(parseReference(name))
}
