import { mkdir } from 'node:fs/promises'
import { applyLayer } from '#layer'
import { isStrakeError, StrakeError } from '#oci'
import { readTar, type TarEntry, type TarInput, writeTar } from '#tar'
import { decompressArchive } from '../files/archive.ts'
import { refuseWhiteout } from '../files/whiteout-name.ts'
import type { ContextArchive } from './build-input.ts'

/**
 * Unpacks an archive into a new directory that other users cannot read. Owners and
 * extended attributes are left out, as in every build context.
 */
export async function unpackContext(
  { archive }: ContextArchive,
  directory: string,
  signal?: AbortSignal,
): Promise<{ readonly newest: number }> {
  await mkdir(directory, { mode: 0o700 })
  const found = { newest: 0 }
  const entries = contextEntries(readTar(decompressArchive(archive)), found)
  try {
    await applyLayer(writeTar(entries), directory, { signal })
  } catch (cause) {
    if (!isStrakeError(cause)) throw cause
    const reason = cause.message.replace(refusal, (_, entry?: string, target?: string) => {
      const name = entry ?? target
      return name === undefined ? '' : `${name}: `
    })
    throw new StrakeError(cause.code, `Cannot use the archive as the build context: ${reason}`, {
      cause,
      remedy: cause.remedy,
    })
  }
  return found
}

/**
 * The start of an error, with the name of an entry. The offset is left out, because it counts the
 * bytes of another archive.
 */
const refusal =
  /^Cannot (?:(?:apply|read|write) tar entry(?: (.*?))?(?: at offset \d+)?|copy to \/(.*?)|[^:]*): /s

async function* contextEntries(
  archive: AsyncIterable<TarEntry>,
  found: { newest: number },
): AsyncGenerator<TarInput> {
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
  for await (const entry of archive) {
    const { path, type, size, body, linkpath, mode, mtime, deviceMajor, deviceMinor } = entry
    refuseWhiteout(path)
    if (type !== 'directory') found.newest = Math.max(found.newest, Math.floor(mtime))
    yield { path, type, size, body, linkpath, mode, mtime, deviceMajor, deviceMinor, ...owner }
  }
}
