import { createHash } from 'node:crypto'
import type { Digest } from '#oci'
import type { HashingWriter } from '#platform'
import { encodeEntry } from '#tar'
import type { LayoutEntry } from './layout.ts'
import type { FileNode } from './node.ts'
import { describeEntry, fileOf, type PackOptions } from './pack.ts'
import type { FileTree } from './tree.ts'

export interface WriteFilesOptions extends PackOptions {
  /** True for files whose digest is wanted. */
  readonly isWanted: (node: FileNode) => boolean
  /** Is told the digests of these, and of all recalled contents, when all is written. */
  readonly onDigest: (node: FileNode, digest: Digest) => void
  /** Fills `target` with the contents of the file at `path`, if it has them from elsewhere. */
  readonly recall?: (path: string, node: FileNode, target: Uint8Array) => boolean
  /** Is told how many bytes of the archive there are so far; may throw to end it. */
  readonly onProgress: (bytes: number) => void
}

/**
 * Writes the archive that `writeTar(packEntries(…))` makes, byte for byte, for
 * many files of one tree: each is read once, straight into the writer's memory,
 * which hashes it for the archive and by itself.
 */
export async function writeFiles(
  tree: FileTree,
  entries: readonly LayoutEntry[],
  options: WriteFilesOptions,
  writer: HashingWriter,
): Promise<{ readonly digest: Digest; readonly size: number }> {
  const treeOf = (): FileTree => tree
  const flush = async (): Promise<void> => {
    await writer.flush()
    options.onProgress(writer.size)
  }
  const hashed: FileNode[] = []
  for (const entry of entries) {
    const input = describeEntry(treeOf, entry, options)
    const header = encodeEntry(input)
    const node = fileOf(entry)
    const size = input.size ?? 0
    const length = header.length + size + paddingOf(size)
    if (length > writer.free) await flush()
    if (length > writer.free) {
      await writeLarge({ tree, entry, header, size }, options, { writer, flush })
      continue
    }
    writer.reserve(header.length).set(header)
    const contents = writer.reserve(size)
    if (node === undefined) contents.set(inlineBytes(entry))
    else {
      const isThere = options.recall?.(entry.path, node, contents) === true
      if (!isThere) readFile(tree, node, contents)
      if (isThere || options.isWanted(node)) {
        writer.hashPart(size)
        hashed.push(node)
      }
    }
    writer.reserve(paddingOf(size)).fill(0)
  }
  if (writer.free < endSize) await flush()
  writer.reserve(endSize).fill(0)
  const { digest, parts } = await writer.finish()
  for (const [index, node] of hashed.entries()) {
    const part = Buffer.from(parts.buffer, parts.byteOffset + 32 * index, 32)
    options.onDigest(node, `sha256:${part.toString('hex')}`)
  }
  options.onProgress(writer.size)
  return { digest: `sha256:${digest}`, size: writer.size }
}

function inlineBytes({ content }: LayoutEntry): Uint8Array {
  const isInline = typeof content === 'object' && 'inline' in content
  return isInline ? new TextEncoder().encode(content.inline) : nothing
}

function readFile(tree: FileTree, node: FileNode, target: Uint8Array): void {
  using file = tree.open(node)
  file.fill(target)
  file.finish()
}

interface LargeEntry {
  readonly tree: FileTree
  readonly entry: LayoutEntry
  readonly header: Uint8Array
  readonly size: number
}

/** An entry that no piece of memory is large enough for. */
async function writeLarge(
  { tree, entry, header, size }: LargeEntry,
  { isWanted, onDigest }: WriteFilesOptions,
  { writer, flush }: { readonly writer: HashingWriter; readonly flush: () => Promise<void> },
): Promise<void> {
  const write = async (bytes: Uint8Array): Promise<void> => {
    for (let at = 0; at < bytes.length; ) {
      if (writer.free === 0) await flush()
      const part = bytes.subarray(at, at + writer.free)
      writer.reserve(part.length).set(part)
      at += part.length
    }
  }
  await write(header)
  const node = fileOf(entry)
  if (node === undefined) await write(inlineBytes(entry))
  else {
    using file = tree.open(node)
    const hash = isWanted(node) ? createHash('sha256') : undefined
    for (let left = size; left > 0; ) {
      if (writer.free === 0) await flush()
      const target = writer.reserve(Math.min(left, writer.free))
      file.fill(target)
      hash?.update(target)
      left -= target.length
    }
    file.finish()
    if (hash !== undefined) onDigest(node, `sha256:${hash.digest('hex')}`)
  }
  await write(new Uint8Array(paddingOf(size)))
}

function paddingOf(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize
}

const nothing = new Uint8Array(0)
const blockSize = 512
const endSize = 2 * blockSize
