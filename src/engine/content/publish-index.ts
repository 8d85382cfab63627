import { closeSync, fsyncSync, openSync, renameSync, rmSync, unlinkSync } from 'node:fs'
import { blobPath } from '#content'
import { type Descriptor, type Digest, isDigest, isIndexType, limits } from '#oci'
import { isSystemError, pathExists, readSmallFile, writeAllNow } from '#platform'
import type { Records } from '#records'
import {
  type IndexedName,
  type IndexedNames,
  indexText,
  readIndexText,
  readNames,
} from './indexed-names.ts'

/**
 * Writes `index.json` again, so that other tools find every name in the store whose image
 * they can read. An image whose layers were dropped stands in an annotation instead:
 * should the database be lost, its name is not.
 * Names are read and the file is replaced under the write lock of the records:
 * of two processes the later one has seen everything.
 */
export async function publishIndex({
  root,
  records,
}: {
  root: string
  records: Records
}): Promise<void> {
  await records.write(() => {
    replaceFile(`${root}/index.json`, Buffer.from(indexText(namesIn(root, records))))
  })
  records.keepRoom()
}

/**
 * How `index.json` stands to the names in the store. `behind`: it lists what names meant before;
 * a process that ended between recording a name and writing the file leaves it so.
 */
export type IndexState = 'current' | 'behind' | 'damaged'

export async function indexState({
  root,
  records,
}: {
  root: string
  records: Records
}): Promise<IndexState> {
  return await records.write(() => {
    const text = readIndexText(root)
    if (text === indexText(namesIn(root, records))) return 'current'
    return text !== undefined && isEarlier(records, text) ? 'behind' : 'damaged'
  })
}

/** True for exactly what was written when the names meant what the log of names knows. */
function isEarlier({ tags }: Records, text: string): boolean {
  const asRecorded = ({ name, target }: IndexedName): readonly IndexedName[] =>
    tags
      .history(name)
      .flatMap((move) => move.target ?? [])
      .filter(({ digest }) => digest === target.digest)
      .slice(0, 1)
      .map((recorded) => ({ name, target: recorded }))
  const { whole, incomplete } = readNames(text)
  const earlier = { whole: whole.flatMap(asRecorded), incomplete: incomplete.flatMap(asRecorded) }
  return indexText(earlier) === text
}

function namesIn(root: string, records: Records): IndexedNames {
  const isWhole = wholeness(root, records)
  const names = Map.groupBy(records.tags.list(), ({ target }) => isWhole(target))
  return { whole: names.get(true) ?? [], incomplete: names.get(false) ?? [] }
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
export async function tryPublishIndex(engine: {
  root: string
  records: Records
}): Promise<boolean> {
  try {
    await publishIndex(engine)
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
