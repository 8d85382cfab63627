import { closeSync, fsyncSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs'
import { blobPath } from '#content'
import {
  type Descriptor,
  type Digest,
  encodeJson,
  isDigest,
  isIndexType,
  limits,
  mediaType,
} from '#oci'
import { isSystemError, pathExists, readSmallFile } from '#platform'
import type { Records } from '#records'

/** The annotation that other tools look a name up by. */
const nameAnnotation = 'org.opencontainers.image.ref.name'

/**
 * Writes `index.json` again, so that other tools find every name in the store
 * whose image they can read: one of which layers were dropped is left out.
 * Names are read and the file is replaced under the write lock of the records:
 * of two processes the later one has seen everything.
 */
export function publishIndex({ root, records }: { root: string; records: Records }): void {
  records.transaction(() => {
    const isWhole = wholeness(root, records)
    const manifests = records.tags
      .list()
      .filter(({ target }) => isWhole(target))
      .map(
        ({ name, target }): Descriptor => ({ ...target, annotations: { [nameAnnotation]: name } }),
      )
    replaceFile(
      `${root}/index.json`,
      encodeJson({ schemaVersion: 2, mediaType: mediaType.ociIndex, manifests }),
    )
  })
  records.keepRoom()
}

/** Tells images of which nothing was dropped. */
function wholeness(root: string, { dropped }: Records): (target: Descriptor) => boolean {
  const all = dropped.list().map(({ digest }) => digest)
  const gone = new Set<string>(all.filter((digest) => !pathExists(blobPath(root, digest))))
  const isWhole = (digest: Digest, isIndex: boolean): boolean => {
    const document = readSmallFile(blobPath(root, digest), limits.manifestSize) ?? ''
    const named = Array.from(document.matchAll(/\bsha\d+:[0-9a-f]+\b/g), ([text]) => text)
    return named
      .filter(isDigest)
      .every((each) => !gone.has(each) && (!isIndex || isWhole(each, false)))
  }
  return ({ digest, mediaType: type }) => gone.size === 0 || isWhole(digest, isIndexType(type))
}

/**
 * `publishIndex` for removals, which must work on a full disk too. False when
 * there was no room; then call it again after space was freed.
 */
export function tryPublishIndex(engine: { root: string; records: Records }): boolean {
  try {
    publishIndex(engine)
    return true
  } catch (error) {
    if (isSystemError(error, 'ENOSPC', 'EDQUOT')) return false
    throw error
  }
}

/**
 * Synchronous, because a transaction must not await. Its lock keeps others out,
 * so the temporary file can have one name: what a crash leaves, the next one takes.
 */
function replaceFile(path: string, bytes: Uint8Array): void {
  const temporary = `${path}.tmp`
  const fd = openSync(temporary, 'w', 0o644)
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
    fsyncSync(fd)
  } catch (error) {
    unlinkSync(temporary)
    throw error
  } finally {
    closeSync(fd)
  }
  renameSync(temporary, path)
}
