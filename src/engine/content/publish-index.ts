import { closeSync, fsyncSync, openSync, renameSync, rmSync, unlinkSync } from 'node:fs'
import { blobPath } from '#content'
import {
  type Descriptor,
  type Digest,
  encodeJson,
  type Index,
  isDigest,
  isIndexType,
  limits,
  mediaType,
} from '#oci'
import { isSystemError, pathExists, readPlainFile, readSmallFile, writeAllNow } from '#platform'
import type { Records } from '#records'
import { incompleteAnnotation, nameAnnotation } from './indexed-names.ts'

/**
 * Writes `index.json` again, so that other tools find every name in the store whose image
 * they can read. An image whose layers were dropped stands in an annotation instead:
 * should the database be lost, its name is not.
 * Names are read and the file is replaced under the write lock of the records:
 * of two processes the later one has seen everything.
 */
export function publishIndex({ root, records }: { root: string; records: Records }): void {
  records.transaction(() => replaceFile(`${root}/index.json`, indexOf(root, records)))
  records.keepRoom()
}

/** What is wrong with `index.json`, as a clause; who else works may be about to write it. */
export function indexProblem({
  root,
  records,
}: {
  root: string
  records: Records
}): string | undefined {
  return records.transaction(() => {
    const expected = Buffer.from(indexOf(root, records))
    const text = readPlainFile(`${root}/index.json`, expected.length)
    if (text === expected.toString()) return undefined
    return 'it does not list the names in the store'
  })
}

function indexOf(root: string, records: Records): Uint8Array {
  const isWhole = wholeness(root, records)
  const named = records.tags
    .list()
    .map(({ name, target }): Descriptor => ({ ...target, annotations: { [nameAnnotation]: name } }))
  const incomplete = named.filter((target) => !isWhole(target))
  return encodeJson({
    schemaVersion: 2,
    mediaType: mediaType.ociIndex,
    manifests: named.filter(isWhole),
    ...(incomplete.length > 0 && {
      annotations: { [incompleteAnnotation]: JSON.stringify(incomplete) },
    }),
  } satisfies Index)
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
  rmSync(temporary, { recursive: true, force: true })
  const fd = openSync(temporary, 'wx', 0o600)
  try {
    writeAllNow(fd, bytes)
    fsyncSync(fd)
  } catch (error) {
    unlinkSync(temporary)
    throw error
  } finally {
    closeSync(fd)
  }
  try {
    renameSync(temporary, path)
  } catch (error) {
    if (!isSystemError(error, 'EISDIR')) throw error
    // Only damage can have made a directory of it.
    rmSync(path, { recursive: true })
    renameSync(temporary, path)
  }
}
