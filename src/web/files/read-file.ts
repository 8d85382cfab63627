import { StrakeError } from '#oci'
import type { Repository } from '#registry'
import type { Bytes } from '#stream'
import { readTar } from '#tar'
import { type LayerFile, layerLimits, openArchive } from './layer-files.ts'

/** Yields the contents of one file, out of the archive of its layer. */
export async function* readFileOf(
  repository: Repository,
  file: LayerFile,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const archive = await openArchive(repository, file.layer, { signal })
  for await (const entry of readTar(archive, { entries: layerLimits.entries })) {
    if (entry.headerOffset !== file.offset) continue
    yield* entry.body
    return
  }
  throw new StrakeError('NOT_FOUND', 'Cannot read the file: its layer has changed')
}

/** The most bytes of a file that a page shows. */
export const mostText = 262_144

/** Returns the text of a file, or of its beginning; `undefined` if it is no text. */
export async function readText(bytes: Bytes): Promise<string | undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let left: number = mostText
  let text = ''
  try {
    for await (const chunk of bytes) {
      const part = chunk.subarray(0, left)
      left -= part.length
      text += decoder.decode(part, { stream: true })
      if (left === 0) break
    }
    if (left > 0) text += decoder.decode()
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
  return text.includes('\0') ? undefined : text
}
