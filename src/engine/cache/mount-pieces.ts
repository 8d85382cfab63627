import { cacheMountKey, type PortableMount } from '#build'
import { findCut } from '#image'
import { packTree } from '#layer'
import { type Descriptor, sha256 } from '#oci'
import { isSystemError, lockDirectory, pathExists } from '#platform'
import { treeSize } from '#snapshot'
import { type Bytes, fromBuffer, mapOrdered } from '#stream'
import type { MountLimits } from './cache-options.ts'
import type { CachePlace } from './place.ts'

/** The media type of a piece of a cache mount's archive. */
const pieceType = 'application/vnd.strake.cache-mount.v1.tar+zstd'

/**
 * A piece ends at the first cut after this many bytes. Smaller pieces would make the list too long
 * for BuildKit, which reads 1 MiB; larger ones would be sent again for small changes.
 */
const minPieceSize = 4 * 1024 * 1024

/** A piece without a cut ends here. Four pieces are in memory at a time. */
const maxPieceSize = 16 * 1024 * 1024

const concurrency = 4

export interface MountExport {
  /** The directory of all cache mounts of the store. */
  readonly directory: string
  /** The IDs of the cache mounts of the build. */
  readonly ids: readonly string[]
  readonly limits: MountLimits
  /** The mounts that are in the cache now. One that this machine does not have stays. */
  readonly before: readonly PortableMount[]
  readonly warn: (message: string) => void
  readonly signal: AbortSignal
}

/**
 * Writes the contents of cache mounts in pieces, whose cuts depend on the contents alone. So only
 * the pieces around a change are sent again.
 */
export async function writeMounts(
  place: CachePlace,
  request: MountExport,
): Promise<readonly PortableMount[]> {
  const mounts = new Map(request.before.map((mount) => [mount.id, mount]))
  let room = request.limits.mostBytes
  for (const id of request.ids) {
    const directory = `${request.directory}/${cacheMountKey(id)}`
    const written = await writeMount(directory, id, { ...request, place, room })
    if (written === undefined) continue
    room -= written.size
    mounts.set(id, written)
  }
  return [...mounts.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

async function writeMount(
  directory: string,
  id: string,
  {
    place,
    room,
    warn,
    signal,
  }: Omit<MountExport, 'ids' | 'directory'> & { readonly place: CachePlace; readonly room: number },
): Promise<PortableMount | undefined> {
  const contents = `${directory}/contents`
  if (!pathExists(contents)) return undefined
  using lock = await lockIfThere(directory, signal)
  if (lock === undefined) return undefined
  const bytes = await treeSize(contents)
  if (bytes > room) {
    const size = Math.ceil(bytes / 1_000_000)
    warn(`The cache mount ${id} is not in the cache: it has ${size} MB, more than mounts-max-size`)
    return undefined
  }
  let size = 0
  const tar = packTree(contents, { includeRoot: true, subsecond: true, signal })
  const pieces: Descriptor[] = []
  const written = mapOrdered(cutPieces(tar), concurrency, async (piece) => {
    size += piece.length
    return await writePiece(place, piece, signal)
  })
  for await (const piece of written) pieces.push(piece)
  return { id, size, pieces }
}

/** A prune may remove the directory at any time. */
async function lockIfThere(
  directory: string,
  signal: AbortSignal,
): Promise<Disposable | undefined> {
  try {
    return await lockDirectory(directory, signal)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
}

async function writePiece(
  { content }: CachePlace,
  piece: Uint8Array,
  signal: AbortSignal,
): Promise<Descriptor> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  const { zstdCompress } = process.getBuiltinModule('node:zlib')
  zstdCompress(piece, (error, result) => (error === null ? resolve(result) : reject(error)))
  const compressed = new Uint8Array(await promise)
  const descriptor = { mediaType: pieceType, digest: sha256(compressed), size: compressed.length }
  await content.write(descriptor, fromBuffer(compressed), { signal })
  return descriptor
}

/** Cuts an archive at headers that its contents choose. */
export async function* cutPieces(tar: Bytes): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(maxPieceSize)
  let size = 0
  for await (const chunk of tar) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + buffer.length - size)
      buffer.set(part, size)
      size += part.length
      at += part.length
      if (size < buffer.length) continue
      const cut = findCut(buffer, minPieceSize) ?? size
      yield buffer.slice(0, cut)
      buffer.copyWithin(0, cut)
      size -= cut
    }
  }
  while (size > 0) {
    const cut = findCut(buffer.subarray(0, size), minPieceSize) ?? size
    yield buffer.slice(0, cut)
    buffer.copyWithin(0, cut, size)
    size -= cut
  }
}
