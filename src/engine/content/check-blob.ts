import { constants } from 'node:fs'
import { lstat, open } from 'node:fs/promises'
import { type Digest, digestAlgorithm } from '#oci'
import { ignoreAbsent, isSystemError, renamePath, temporaryName } from '#platform'
import { createHasher } from '#stream'

const chunkSize = 1_048_576

/** Returns the problem of a blob's file as a clause; `undefined` if the bytes match the digest. */
export async function blobProblem(path: string, digest: Digest): Promise<string | undefined> {
  const found = await lstat(path).catch(ignoreAbsent)
  if (found === undefined) return 'it is missing'
  // Opening a pipe would block until another process writes.
  if (!found.isFile()) return 'it is not a regular file'
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

/** Moves a damaged blob into the trash, so that no process reads it and it can be fetched again. */
export function setAside(root: string, path: string): void {
  try {
    renamePath(path, `${root}/trash/${temporaryName()}`)
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error
  }
}
