import { access, constants, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StrakeError } from '#oci'
import { isSystemError } from '#platform'

/**
 * Removes the result of an earlier build from its file, so that a failing build does not
 * leave an old result. Throws `INVALID` before the build when the file cannot be written.
 */
export async function prepareResultFile(file: string, result: string): Promise<void> {
  const refuse = (reason: string, cause?: unknown): StrakeError =>
    new StrakeError('INVALID', `Cannot write ${result} to ${file}: ${reason}`, { cause })
  const there = await stat(file).catch(() => undefined)
  if (there?.isDirectory()) throw refuse('it is a directory')
  // A pipe or a device keeps no old result.
  if (there !== undefined && !there.isFile()) return
  try {
    await access(dirname(file), constants.W_OK | constants.X_OK)
    await rm(file, { force: true })
  } catch (cause) {
    if (isSystemError(cause, 'ENOENT', 'ENOTDIR')) {
      throw refuse(`there is no directory ${dirname(file)}`, cause)
    }
    throw isSystemError(cause) ? refuse(`${dirname(file)} cannot be written to`, cause) : cause
  }
}
