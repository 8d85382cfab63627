import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { StrakeError } from '#oci'

/** An archive on disk or, for `-`, on standard input, in large chunks. Throws `NOT_FOUND`, `INVALID`. */
export async function* readArchive(file: string): AsyncGenerator<Uint8Array> {
  const path = file === '-' ? '/dev/stdin' : await requireFile('read', file)
  yield* createReadStream(path, { highWaterMark: 1024 * 1024 })
}

/** The same path, once it is known to lead to something that can be read. */
export async function requireFile(verb: string, path: string): Promise<string> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT' && cause.code !== 'ENOTDIR') throw cause
    throw new StrakeError('NOT_FOUND', `Cannot ${verb} ${path}: there is no such file`, { cause })
  })
  if (found.isDirectory()) {
    throw new StrakeError('INVALID', `Cannot ${verb} ${path}: it is a directory`, {
      remedy: 'name an archive, or pack the directory with tar',
    })
  }
  return path
}
