import { readFile } from 'node:fs/promises'
import { StrakeError } from '#oci'

/** Reads a file that the configuration names. Throws `INVALID` if it cannot be read. */
export async function readNamedFile(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new StrakeError('INVALID', `Cannot read ${path}`, { cause })
  })
}

/** Returns the lines of a file that the configuration names, without space around and without empty ones. */
export async function readNamedLines(path: string): Promise<readonly string[]> {
  const lines = (await readNamedFile(path)).split('\n').map((line) => line.trim())
  return lines.filter((line) => line !== '')
}
