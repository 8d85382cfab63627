import { StrakeError } from '#oci'
import { decodeWithProgram } from '#platform'
import { type Bytes, decompress, type KeptChunk, keepChunk } from '#stream'
import { cleanPath, printableName, type TarEntry, type TarInput } from '#tar'
import type { FileNode } from '../files/node.ts'
import { type PackOptions, refuseWhiteout } from './pack.ts'

const blockSize = 512

/** The bytes of an archive that is gzip, zstd, xz, bzip2 or not compressed, bounded (A13). */
export function decompressArchive(bytes: Bytes): Bytes {
  return decompress(bytes, { foreign: decodeWithProgram })
}

/**
 * True when the contents of a file are an archive, compressed or not: its first
 * block has a tar header's checksum.
 */
export async function isArchive(node: Pick<FileNode, 'size'>, open: () => Bytes): Promise<boolean> {
  if (node.size < blockSize / 8) return false
  try {
    const head = await readHead(decompressArchive(open()), blockSize)
    return head.length === blockSize && hasHeaderChecksum(head)
  } catch {
    // Not what its first bytes promised: a file like any other.
    return false
  }
}

async function readHead(bytes: Bytes, size: number): Promise<Uint8Array> {
  const chunks: KeptChunk[] = []
  let length = 0
  for await (const chunk of bytes) {
    chunks.push(keepChunk(chunk.subarray(0, size)))
    length += chunk.length
    if (length >= size) break
  }
  return Buffer.concat(chunks).subarray(0, size)
}

/** The sum of all bytes with the checksum field itself taken as blanks. */
function hasHeaderChecksum(block: Uint8Array): boolean {
  const field = String.fromCharCode(...block.subarray(148, 156))
  const match = /^[\s0]*([0-7]+)[\s\0]*$/.exec(field)
  if (match === null) return false
  const sum = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0)
  return sum === Number.parseInt(match[1] ?? '', 8)
}

/** The entries of an archive, moved below `place`; owners are the archive's unless `--chown` says otherwise. */
export async function* unpackEntries(
  archive: AsyncIterable<TarEntry>,
  place: string,
  options: PackOptions,
): AsyncGenerator<TarInput> {
  const below = (path: string): string => (place === '' ? path : `${place}/${path}`)
  for await (const entry of archive) {
    const path = cleanPath(entry.path)
    if (path === undefined) throw escapes(entry)
    if (path === '') continue
    refuseWhiteout(path)
    const { body, size, type, linkpath, uid, gid, mode, mtime, xattrs } = entry
    const target = type === 'hardlink' ? cleanPath(linkpath) : undefined
    if (type === 'hardlink' && target === undefined) throw escapes(entry)
    yield {
      path: below(path),
      type,
      size,
      body,
      linkpath: target === undefined ? linkpath : below(target),
      deviceMajor: entry.deviceMajor,
      deviceMinor: entry.deviceMinor,
      mode: type === 'symlink' ? mode : (options.mode?.(mode, type === 'directory') ?? mode),
      ...(options.owner ?? { uid, gid }),
      mtime: options.times(mtime),
      xattrs: capabilityOf(xattrs),
    }
  }
}

/** Of extended attributes a file capability only, as Docker has it; others belong to whoever packed. */
function capabilityOf(xattrs: TarEntry['xattrs']): TarEntry['xattrs'] {
  const capability = xattrs.get('security.capability')
  return new Map(capability === undefined ? [] : [['security.capability', capability]])
}

function escapes(entry: TarEntry): StrakeError {
  return new StrakeError(
    'INVALID',
    `Cannot unpack ${printableName(entry.path)}: it leads out of the archive`,
  )
}
