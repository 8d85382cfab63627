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
 * Writes `index.json` again, so that other tools find every name whose image they can
 * read. Names of images with dropped layers go into an annotation, so that they can be
 * restored if the database is lost. Reads the names and replaces the file under the write
 * lock of the records. So if two processes do this, the later one has read all names.
 */
export async function publishIndex({
  root,
  records,
}: {
  root: string
  records: Records
}): Promise<void> {
  await records.write(() => {
    const text = indexText(namesIn(root, records))
    // A build of an unchanged image changes no name, and to write the file means to wait for the disk.
    if (readIndexText(root) !== text) replaceFile(`${root}/index.json`, Buffer.from(text))
  })
  records.keepRoom()
}

/**
 * Whether `index.json` lists the names of the store. `behind`: it lists earlier targets of
 * names, because a process ended after it recorded a name and before it wrote the file.
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

/** True if `text` is exactly the file for targets that the log of names contains. */
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

/** Returns a test that is true for images without dropped layers. */
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
 * Calls `publishIndex` for a removal, which must work on a full disk too. Returns false if
 * there was no space; the caller then calls it again after it has freed some.
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
 * Synchronous, because a transaction must not await. The caller holds the write lock, so
 * the temporary file has a fixed name, and the next call replaces a file that a crash left.
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
    // A directory in this place is damage.
    rmSync(path, { recursive: true })
    renameSync(temporary, path)
  }
}
