import { stat } from 'node:fs/promises'
import { isStrakeError, StrakeError } from '#oci'
import { openStreamFile } from '#platform'

/** In bytes: much more than a configuration or a file that it names. */
const usualLimit = 4 * 2 ** 20

/**
 * Returns the text of a file or a pipe. Throws `INVALID` for anything else, such as a device without an
 * end, and for more than `limit` bytes; errors of the system pass.
 */
export async function readBoundedFile(path: string, limit: number = usualLimit): Promise<string> {
  const refuse = (reason: string): StrakeError =>
    new StrakeError('INVALID', `Cannot read ${path}: ${reason}`)
  const found = await stat(path)
  if (!found.isFile() && !found.isFIFO()) throw refuse('it is neither a file nor a pipe')
  using file = await openStreamFile(path, 'r')
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of file.read()) {
    size += chunk.length
    if (size > limit) throw refuse(`it has more than ${limit} bytes`)
    chunks.push(Buffer.from(chunk))
  }
  return Buffer.concat(chunks).toString()
}

/** Reads a file that the configuration names. Throws `INVALID` if it cannot be read. */
export async function readNamedFile(path: string): Promise<string> {
  return await readBoundedFile(path).catch((cause: unknown) => {
    if (isStrakeError(cause)) throw cause
    throw new StrakeError('INVALID', `Cannot read ${path}`, { cause })
  })
}

/** Returns the lines of a file that the configuration names, without space around and without empty ones. */
export async function readNamedLines(path: string): Promise<readonly string[]> {
  const lines = (await readNamedFile(path)).split('\n').map((line) => line.trim())
  return lines.filter((line) => line !== '')
}
