import { ContentMismatchError, type Digest, digestAlgorithm, isDigest } from '#oci'
import { fsPromises, ignoreAbsent, renameDurable } from '#platform'
import { ingestIdOf, isAnonymousId } from '../ingest-id.ts'
import type { StoredBlob } from '../store.ts'
import { type Claim, claim, listIngests } from './claim.ts'
import { openDirectoryIngest } from './directory-ingest.ts'
import { hasCode } from './file.ts'
import { blobPath } from './image-layout.ts'

/**
 * Deletes a blob of the store in `root` unless it is needed after all; see `LocalStore`.
 */
export async function deleteUnless(
  root: string,
  digest: Digest,
  isNeeded: (blob: StoredBlob) => boolean | Promise<boolean>,
): Promise<boolean> {
  const path = blobPath(root, digest)
  let held: Claim | undefined
  try {
    // The blob becomes an ingest, so that writers wait for the result and can resume it after a
    // crash.
    held = await claim(`${root}/ingest`, ingestIdOf(digest))
  } catch (error) {
    if (!hasCode(error, 'ENOSPC', 'EDQUOT')) throw error
    // There is no space to hide it. The first check found it unneeded, and deleting frees space.
    return (await fsPromises().unlink(path).then(yes, ignoreAbsent)) === true
  }
  if (held === undefined) return false
  const hidden = `${held.path}/data`
  const found = await fsPromises()
    .rename(path, hidden)
    .then(() => fsPromises().stat(hidden))
    .catch(ignoreAbsent)
  if (found === undefined) {
    await held.release()
    return false
  }
  let isGone = false
  try {
    const { size, nlink: links, mtimeMs: usedAt } = found
    isGone = !(await isNeeded({ digest, size, links, usedAt }))
  } finally {
    if (!isGone) await renameDurable(hidden, path)
    await held.remove()
  }
  return isGone
}

/** Removes what crashes have left in the store in `root`; see `DirectoryStore`. */
export async function sweep(root: string, olderThan: number): Promise<void> {
  for (const name of await fsPromises().readdir(`${root}/trash`)) {
    await fsPromises().rm(`${root}/trash/${name}`, { recursive: true, force: true })
  }
  const directory = `${root}/ingest`
  for (const { name, id, isAlive } of listIngests(directory)) {
    if (isAlive) continue
    const data = await fsPromises().stat(`${directory}/${name}/data`).catch(ignoreAbsent)
    if (data !== undefined && isFinished(data)) {
      await putBack(root, id)
      continue
    }
    const isRecent = data !== undefined && Date.now() - data.mtimeMs < olderThan
    if (isRecent && !isAnonymousId(id)) continue
    await (await claim(directory, id))?.remove()
  }
}

/**
 * Handles an ingest whose process was killed right before the rename that stores or deletes a blob.
 * A whole blob becomes content.
 */
async function putBack(root: string, id: string): Promise<void> {
  const digest = id.replace('-', ':')
  const held = await claim(`${root}/ingest`, id)
  if (held === undefined) return
  if (!isDigest(digest)) return await held.remove()
  const algorithm = digestAlgorithm(digest)
  const ingest = openDirectoryIngest(held, { root, id, algorithm })
  try {
    await ingest.commit(digest)
  } catch (error) {
    if (!(error instanceof ContentMismatchError)) throw error
  }
}

function yes(): true {
  return true
}

/** Blobs are read-only. An ingest becomes read-only right before it becomes a blob. */
function isFinished({ mode }: { readonly mode: number }): boolean {
  return (mode & 0o222) === 0
}
