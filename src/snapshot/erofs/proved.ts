import { type Digest, isStrakeError } from '#oci'
import { fileStatus, fs, isSystemError, readPlainFile } from '#platform'
import type { Bytes } from '#stream'
import { readFile, readProved } from '../chain/layer-source.ts'

const largestMark = 200

/**
 * Marks the bytes of a file as proved, in a second file beside it. The mark contains the status of
 * the file. The kernel sets the change time at every write, and no program can set it back, so a
 * matching mark means that the file was not written to since. If a mark cannot be written, the file
 * is proved again next time.
 */
export function markProved(path: string): void {
  const mark = statusMark(path)
  if (mark === undefined) return
  try {
    fs().rmSync(markOf(path), { recursive: true, force: true })
    fs().writeFileSync(markOf(path), mark, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if (!isSystemError(error)) throw error
  }
}

/** True when the bytes of a file were proved and the file was not written to since. */
export function isMarked(path: string): boolean {
  const mark = readPlainFile(markOf(path), largestMark)
  return mark !== undefined && mark === statusMark(path)
}

function markOf(path: string): string {
  return `${path}.proved`
}

/** `undefined` when there is no file; no mark equals that. */
function statusMark(path: string): string | undefined {
  try {
    const { inode, size, mtime, ctime } = fileStatus(path)
    const times = [mtime, ctime].map(({ seconds, nanoseconds }) => `${seconds}.${nanoseconds}`)
    return `${inode} ${size} ${times.join(' ')}\n`
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
}

/**
 * Yields the stored archive of a layer; each chunk reuses the same buffer. An archive without a
 * mark is proved on the way, and then marked. Throws `ContentMismatchError` before the end when its
 * bytes do not match `diffId`.
 */
export async function* readArchive(path: string, diffId: Digest): Bytes {
  if (isMarked(path)) return yield* readFile(path)
  yield* readProved(path, diffId)
  markProved(path)
}

/** True when the archive of a layer exists and is whole. Reads it unless it is marked. */
export async function isWhole(path: string, diffId: Digest): Promise<boolean> {
  if (isMarked(path)) return true
  try {
    for await (const _ of readArchive(path, diffId));
    return true
  } catch (error) {
    if (isStrakeError(error) || isSystemError(error, 'ENOENT')) return false
    throw error
  }
}
