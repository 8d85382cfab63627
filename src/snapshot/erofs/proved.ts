import { type Digest, isStrakeError } from '#oci'
import { fileStatus, fs, isSystemError, readPlainFile } from '#platform'
import type { Bytes } from '#stream'
import { readFile, readProved } from '../chain/layer-source.ts'

const largestMark = 200

/**
 * Marks the bytes of a file as proved, in a file of its own beside it. The mark
 * holds the status of the file: the kernel sets its change time at every write,
 * and no program can set it back, so a mark that fits means that nothing was
 * written since. A mark that cannot be kept costs no more than another proof.
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

/** True when the bytes of a file were proved and nothing was written to it since. */
export function isMarked(path: string): boolean {
  const mark = readPlainFile(markOf(path), largestMark)
  return mark !== undefined && mark === statusMark(path)
}

function markOf(path: string): string {
  return `${path}.proved`
}

/** Nothing, which no mark says, when there is no file. */
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
 * The archive of a layer from where it is kept, in memory that the next chunk
 * overwrites. Unless it is marked it is proved on the way, and marked: then bytes
 * that are not what `diffId` names throw `ContentMismatchError` before the end.
 */
export async function* readArchive(path: string, diffId: Digest): Bytes {
  if (isMarked(path)) return yield* readFile(path)
  yield* readProved(path, diffId)
  markProved(path)
}

/** True when the archive of a layer is there and whole. It is read unless it is marked. */
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
