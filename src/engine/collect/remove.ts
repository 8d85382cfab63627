import { type Digest, familiarReference, parseReference, StrakeError } from '#oci'
import type { ImageRecord } from '#records'
import { ImageMounts } from '#snapshot/chain/image-mounts'
import { cleanAfterCrash } from '../begin-work.ts'
import { tryPublishIndex } from '../content/publish-index.ts'
import type { Engine } from '../engine.ts'
import { isDigestName, repositoryOf } from '../image/find-image.ts'
import { type FoundTarget, getTarget } from '../image/find-target.ts'
import { imageEvent } from '../image/image-events.ts'
import { containersOf, isAnyUsed } from '../image/image-use.ts'
import { collectGarbage, collectImage } from './collect-garbage.ts'
import { forgetTarget } from './forget-target.ts'
import { type ImageParts, partsOf } from './image-parts.ts'

/** The names and content that `rmi` removed. */
export interface Removed {
  /** Names in familiar form. */
  readonly untagged: readonly string[]
  /** IDs of images and indexes, then chain IDs of the file systems that were removed with them. */
  readonly deleted: readonly Digest[]
}

export interface RemoveOptions {
  /** Remove an image by ID although it has several names, or although stopped containers use it. */
  readonly force?: boolean
}

/**
 * Removes a name. With the last name it also removes the image, or the index with its images,
 * and all content that nothing else uses. Throws `NOT_FOUND`, and `CONFLICT` when a container
 * uses the image or an index that has a name needs it.
 */
export async function removeImage(
  engine: Engine,
  text: string,
  { force = false }: RemoveOptions = {},
): Promise<Removed> {
  await cleanAfterCrash(engine)
  const found = getTarget(engine.records, text, 'see strake images --all')
  const names = namesToRemove(engine, found, text, force)
  const left = plainNames(engine, found).filter((name) => !names.includes(name))
  const isKept = left.length > 0 || isInIndex(engine, found)
  if (isKept && names.length === 0) refusePart(engine, found, text)
  if (!isKept) refuseWhileUsed(engine, found.images, text, force)
  const isLast = !isKept && !isAnyUsed(engine, found.images)
  // Read before anything is removed.
  const parts = isLast ? await partsOf(engine, found) : undefined
  const { records } = engine
  const done = await records.write(() => {
    const untagged = untag(engine, found, names)
    for (const name of untagged) records.events.append(imageEvent('untag', found.id, name))
    const deleted = isLast ? forgetTarget(engine, found) : []
    return { untagged, deleted }
  })
  const isPublished = await tryPublishIndex(engine)
  const chains = isLast ? await dropContent(engine, parts) : []
  if (!isPublished) await tryPublishIndex(engine)
  return { untagged: done.untagged.map(familiar), deleted: [...done.deleted, ...chains] }
}

function plainNames({ records }: Engine, { descriptor }: FoundTarget): readonly string[] {
  return records.tags.namesOf(descriptor.digest).filter((name) => !isDigestName(name))
}

function isInIndex({ records }: Engine, { descriptor }: FoundTarget): boolean {
  return records.indexes.having(descriptor.digest).length > 0
}

function namesToRemove(
  engine: Engine,
  found: FoundTarget,
  text: string,
  force: boolean,
): readonly string[] {
  if (found.name !== undefined) return [found.name]
  const names = plainNames(engine, found)
  if (names.length <= 1 || force) return names
  throw new StrakeError(
    'CONFLICT',
    `Cannot remove image ${text}: it has ${names.length} names (${names.map(familiar).join(', ')})`,
    { remedy: 'name the one to remove, or add --force' },
  )
}

/** An image without a name of its own that an index needs. */
function refusePart({ records }: Engine, { descriptor }: FoundTarget, text: string): never {
  const indexes = records.indexes.having(descriptor.digest)
  const names = indexes.flatMap(({ digest }) => records.tags.namesOf(digest)).map(familiar)
  const whole = names.length > 0 ? names : indexes.map(({ digest }) => digest)
  throw new StrakeError(
    'CONFLICT',
    `Cannot remove image ${text}: it is one platform of ${whole.join(', ')}`,
    { remedy: `strake rmi ${whole.join(' ')}` },
  )
}

/**
 * Throws `CONFLICT` while an image is mounted, and while containers use one; with `force`, while
 * running ones do.
 */
export function refuseWhileUsed(
  engine: Engine,
  images: readonly ImageRecord[],
  text: string,
  force: boolean,
): void {
  const mounts = new ImageMounts(engine.run)
  for (const { imageId } of images) {
    const path = mounts.find(imageId)
    if (path === undefined) continue
    throw new StrakeError('CONFLICT', `Cannot remove image ${text}: it is mounted at ${path}`, {
      remedy: `strake image unmount ${text}`,
    })
  }
  const users = containersOf(engine, images)
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
function untag(
  engine: Engine,
  { descriptor }: FoundTarget,
  names: readonly string[],
): readonly string[] {
  const { tags } = engine.records
  const gone = names.filter((name) => tags.remove(name, 'rmi'))
  const left = tags.namesOf(descriptor.digest)
  const repositories = new Set(left.filter((name) => !isDigestName(name)).map(repositoryOf))
  const orphans = left.filter((name) => isDigestName(name) && !repositories.has(repositoryOf(name)))
  for (const name of orphans) tags.remove(name, 'rmi')
  return [...gone, ...orphans]
}

/**
 * Collects the parts of the image. Without `parts`, when the image cannot be read, collects
 * the whole store.
 */
async function dropContent(
  engine: Engine,
  parts: ImageParts | undefined,
): Promise<readonly Digest[]> {
  if (parts !== undefined) return await collectImage(engine, parts)
  await collectGarbage(engine, { chains: [] })
  return []
}

function familiar(name: string): string {
  return familiarReference(parseReference(name))
}
