import { applyLayer } from '#layer'
import { StrakeError } from '#oci'
import { type Bytes, decompress, limited } from '#stream'
import { readTar, type TarInput, writeTar } from '#tar'
import type { PortableMount } from '../cache/model.ts'
import type { CacheSource } from '../cache/source.ts'
import type { MountContext } from './context.ts'

/**
 * Fills `directory` with the cache mount of another machine. Returns false when no cache has it. A
 * failure is a warning, because the mount may be empty; the caller must then discard `directory`.
 */
export async function fillFromCaches(
  id: string,
  directory: string,
  { services, emit, signal }: MountContext,
): Promise<'filled' | 'absent' | 'failed'> {
  const found = services.cacheSources
    .map((source) => ({ source, mount: source.mounts.get(id) }))
    .find(({ mount }) => mount !== undefined)
  if (found?.mount === undefined) return 'absent'
  const { source, mount } = found
  try {
    // Anybody may have written the cache.
    if (mount.size > source.mountRoom.bytes) {
      const size = Math.ceil(mount.size / 1_000_000)
      throw new StrakeError('INVALID', `it has ${size} MB, more than mounts-max-size leaves`)
    }
    source.mountRoom.bytes -= mount.size
    const pieces = decompress(readPieces(source, mount, signal), { size: mount.size })
    const tar = limited(pieces, mount.size, `the cache mount ${id}`)
    await applyLayer(writeTar(ordinaryEntries(tar)), directory, {
      limits: { totalSize: mount.size },
      signal,
    })
    return 'filled'
  } catch (error) {
    signal.throwIfAborted()
    const reason = error instanceof Error ? error.message : String(error)
    const message = `The cache mount ${id} of ${source.name} is not used: ${reason}`
    emit({ type: 'warning', message })
    return 'failed'
  }
}

async function* readPieces(
  { content }: CacheSource,
  { pieces }: PortableMount,
  signal: AbortSignal,
): Bytes {
  for (const piece of pieces) yield* content.read(piece, { signal })
}

/**
 * Yields files, directories and links. It leaves out devices, which a cache does not have, and
 * whiteouts, because the reader of the archive would remove a file for each of them.
 */
async function* ordinaryEntries(tar: Bytes): AsyncGenerator<TarInput> {
  for await (const entry of readTar(tar)) {
    const { type, path } = entry
    const isSpecial = type === 'character' || type === 'block' || type === 'fifo'
    if (isSpecial || /(?:^|\/)\.wh\./.test(path)) continue
    yield entry
  }
}
