import { copyFile } from 'node:fs/promises'
import { restoreContainerRecords } from '#container'
import { type Digest, isIndexType, isStrakeError, limits, restoredName } from '#oci'
import { lockDirectory } from '#platform'
import { readIndexText, readNames } from '../content/indexed-names.ts'
import { publishIndex } from '../content/publish-index.ts'
import type { Engine } from '../engine.ts'
import { recordImage } from '../image/record-image.ts'
import { recordTarget } from '../image/record-index.ts'
import { findManifest } from './find-manifest.ts'

/**
 * Fills an empty database from the files of the store: names and their images from
 * `index.json`, containers and their images from their directories.
 */
export async function restoreFacts(engine: Engine): Promise<void> {
  const { records, root } = engine
  using _lock = await lockDirectory(root)
  if (records.loss.get()?.isRestored !== false) return
  const lost = await restoreNames(engine)
  for (const image of restoreContainerRecords(engine)) await restoreImage(engine, image)
  // The next publication replaces index.json, which has names that could not be restored.
  if (lost > 0) await copyFile(`${root}/index.json`, `${root}/index.json.bad-${Date.now()}`)
  records.loss.restored()
}

/** Returns how many names could not be restored. */
async function restoreNames(engine: Engine): Promise<number> {
  let lost = 0
  const { whole, incomplete } = readNames(readIndexText(engine.root))
  for (const { name, target } of [...whole, ...incomplete]) {
    try {
      const canonical = restoredName(name)
      const isKnown = engine.records.tags.get(canonical) !== undefined
      await recordTarget(engine, target, { names: isKnown ? [] : [canonical], by: 'restore' })
    } catch (error) {
      if (!isStrakeError(error)) throw error
      lost += 1
    }
  }
  return lost
}

/** Records the image with the manifest `digest`. Returns false if it was recorded before or cannot be read. */
async function restoreImage(engine: Engine, digest: Digest): Promise<boolean> {
  if (engine.records.images.get(digest) !== undefined) return false
  const found = await findManifest(engine.content, digest)
  if (found === undefined) return false
  try {
    await recordImage(engine, await engine.openImage(found), { names: [], by: 'restore' })
    return true
  } catch (error) {
    if (!isStrakeError(error)) throw error
    return false
  }
}

/**
 * Repairs the records, so that content may be collected again: removes damaged records and
 * records every image whose manifest is in the store. From then on the records count as
 * complete. Returns the number of newly recorded images.
 */
export async function repairFacts(engine: Engine): Promise<number> {
  const { records } = engine
  records.removeDamaged()
  for (const image of restoreContainerRecords(engine)) await restoreImage(engine, image)
  let count = 0
  for await (const { digest, size } of engine.content.list()) {
    if (size <= limits.manifestSize && (await restoreImage(engine, digest))) count += 1
  }
  await restoreIndexes(engine)
  records.loss.forget()
  await publishIndex(engine)
  return count
}

/** Records the indexes that have names again. Without its index, an image would look unused. */
async function restoreIndexes(engine: Engine): Promise<void> {
  const { records } = engine
  for (const { target } of records.tags.list()) {
    if (!isIndexType(target.mediaType) || records.indexes.get(target.digest) !== undefined) continue
    try {
      await recordTarget(engine, target, { names: [], by: 'restore' })
    } catch (error) {
      if (!isStrakeError(error)) throw error
    }
  }
}
