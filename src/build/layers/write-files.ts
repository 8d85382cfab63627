import type { Digest } from '#oci'
import type { HashingWriter } from '#platform'
import { encodeEntry, type TarLister } from '#tar'
import type { FileNode } from '../files/node.ts'
import type { FileTree } from '../files/tree.ts'
import type { EarlierLayer } from './earlier-layer.ts'
import { describeEntry, fileOf, type PackOptions } from './pack.ts'
import type { LayoutEntry } from './placement.ts'

export interface WriteFilesOptions extends PackOptions {
  /** Returns the digest of a file if it is known. */
  readonly known: (node: FileNode) => Digest | undefined
  /** True for files whose digest is wanted. */
  readonly isWanted: (node: FileNode) => boolean
  /** Called with the digests of these files at the end. */
  readonly onDigest: (node: FileNode, digest: Digest) => void
  /** An earlier archive with the same entries. Files with a known digest are copied from it. */
  readonly earlier?: EarlierLayer | undefined
  /** Called with every entry. */
  readonly lister?: TarLister | undefined
  /** Called with the number of bytes of the archive so far. It may throw to stop. */
  readonly onProgress: (bytes: number) => void
}

/** A written archive. */
export interface WrittenFiles {
  readonly digest: Digest
  /** Bytes. */
  readonly size: number
  /** CRC-32 of the whole archive. */
  readonly checksum: number
  /** CRC-32 of each `sumSize` bytes. */
  readonly sums: Uint32Array
}

/**
 * Writes the same bytes as `writeTar(packEntries(…))`, for many files of one tree.
 * Each file is read once into the memory of the writer, which hashes the archive and
 * the file.
 */
export async function writeFiles(
  tree: FileTree,
  entries: readonly LayoutEntry[],
  options: WriteFilesOptions,
  writer: HashingWriter,
): Promise<WrittenFiles> {
  const output = new Output(writer, options.onProgress)
  const treeOf = (): FileTree => tree
  const { earlier, lister } = options
  const block = new Uint8Array(blockSize)
  const hashed: FileNode[] = []
  for (const entry of entries) {
    const input = describeEntry(treeOf, entry, options)
    const header = encodeEntry(input, block)
    lister?.add(input, writer.size, header.length)
    const node = fileOf(entry)
    const size = input.size ?? 0
    const found = earlier?.find(entry.path, header, node && options.known(node))
    if (earlier !== undefined && found !== undefined) {
      if (!found.hasHeader) await output.put(header)
      // An await for each of thousands of entries is slow, so it waits only for full memory.
      for (let at = found.start; at < found.end; at = earlier.copy(at, found.end, writer)) {
        if (writer.free === 0) await output.flush()
      }
      continue
    }
    const length = header.length + size + paddingOf(size)
    if (length > writer.free) await output.flush()
    if (length > writer.free) {
      const isWanted = node !== undefined && options.isWanted(node)
      await writeLarge({ tree, entry, header, size, isWanted }, output)
      if (isWanted) hashed.push(node)
      continue
    }
    writer.reserve(header.length).set(header)
    const contents = writer.reserve(size)
    if (node === undefined) contents.set(inlineBytes(entry))
    else {
      readFile(tree, node, contents)
      if (options.isWanted(node)) {
        writer.hashPart(size)
        hashed.push(node)
      }
    }
    writer.reserve(paddingOf(size)).fill(0)
  }
  await output.put(new Uint8Array(endSize))
  const { digest, parts, checksum, sums } = await writer.finish()
  for (const [index, node] of hashed.entries()) {
    const part = Buffer.from(parts.buffer, parts.byteOffset + 32 * index, 32)
    options.onDigest(node, `sha256:${part.toString('hex')}`)
  }
  options.onProgress(writer.size)
  return { digest: `sha256:${digest}`, size: writer.size, checksum, sums }
}

/** Writes pieces of any length. */
class Output {
  readonly #writer: HashingWriter
  readonly #onProgress: (bytes: number) => void

  constructor(writer: HashingWriter, onProgress: (bytes: number) => void) {
    this.#writer = writer
    this.#onProgress = onProgress
  }

  async flush(): Promise<void> {
    await this.#writer.flush()
    this.#onProgress(this.#writer.size)
  }

  async put(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + (await this.#room()))
      this.#writer.reserve(part.length).set(part)
      at += part.length
    }
  }

  /** Returns memory for the next bytes, at most `length` of them. */
  async reserve(length: number): Promise<Uint8Array> {
    return this.#writer.reserve(Math.min(length, await this.#room()))
  }

  /** Hashes the last reserved bytes on their own, together with the next ones if they continue. */
  hashPart(count: number, continues: boolean): void {
    this.#writer.hashPart(count, continues)
  }

  async #room(): Promise<number> {
    if (this.#writer.free === 0) await this.flush()
    return this.#writer.free
  }
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
  /** The writer hashes the contents. */
  readonly isWanted: boolean
}

/** Writes an entry that is larger than the memory of the writer. */
async function writeLarge(
  { tree, entry, header, size, isWanted }: LargeEntry,
  output: Output,
): Promise<void> {
  await output.put(header)
  const node = fileOf(entry)
  if (node === undefined) await output.put(inlineBytes(entry))
  else {
    using file = tree.open(node)
    for (let left = size; left > 0; ) {
      const target = await output.reserve(left)
      file.fill(target)
      left -= target.length
      if (isWanted) output.hashPart(target.length, left > 0)
    }
    file.finish()
  }
  await output.put(new Uint8Array(paddingOf(size)))
}

function paddingOf(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize
}

const nothing = new Uint8Array(0)
const blockSize = 512
const endSize = 2 * blockSize
