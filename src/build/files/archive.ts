import { decodeWithProgram } from '#platform'
import { type Bytes, decompress, type KeptChunk, keepChunk } from '#stream'
import type { FileNode } from './node.ts'

const blockSize = 512

/** Decompresses gzip, zstd, xz or bzip2, up to a limit. Other bytes are passed through. */
export function decompressArchive(bytes: Bytes): Bytes {
  return decompress(bytes, { foreign: decodeWithProgram })
}

/**
 * True when a file is an archive, compressed or not: its first block has the
 * checksum of a tar header.
 */
export async function isArchive(node: Pick<FileNode, 'size'>, open: () => Bytes): Promise<boolean> {
  if (node.size < blockSize / 8) return false
  try {
    const head = await readHead(decompressArchive(open()), blockSize)
    return head.length === blockSize && hasHeaderChecksum(head)
  } catch {
    // The file only starts like a compressed file, so it is not an archive.
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

/** The sum of all bytes, with blanks in place of the checksum field. */
export function hasHeaderChecksum(block: Uint8Array): boolean {
  const field = String.fromCharCode(...block.subarray(148, 156))
  const match = /^[\s0]*([0-7]+)[\s\0]*$/.exec(field)
  if (match === null) return false
  const sum = block.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0)
  return sum === Number.parseInt(match[1] ?? '', 8)
}
