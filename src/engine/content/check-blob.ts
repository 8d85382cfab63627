import { constants } from 'node:fs'
import { lstat, open } from 'node:fs/promises'
import { type Digest, digestAlgorithm } from '#oci'
import { ignoreAbsent, isSystemError, renamePath, temporaryName } from '#platform'
import { createHasher } from '#stream'

const chunkSize = 1_048_576

/** What is wrong with the file of a blob, as a clause; `undefined` when it is what its digest says. */
export async function blobProblem(path: string, digest: Digest): Promise<string | undefined> {
  const found = await lstat(path).catch(ignoreAbsent)
  if (found === undefined) return 'it is missing'
  // Opening a pipe would wait for somebody to write.
  if (!found.isFile()) return 'it is no file'
  const hasher = createHasher(digestAlgorithm(digest))
  await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  const chunk = Buffer.allocUnsafeSlow(chunkSize)
  for (;;) {
    const { bytesRead } = await file.read(chunk, 0, chunkSize)
    if (bytesRead === 0) break
    hasher.update(chunk.subarray(0, bytesRead))
  }
  const actual = hasher.digest()
  return actual === digest ? undefined : `its bytes have the digest ${actual}`
}

/** Out of sight, so that nobody reads it and a fetch brings it anew. */
export function setAside(root: string, path: string): void {
  try {
    renamePath(path, `${root}/trash/${temporaryName()}`)
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error
  }
}
