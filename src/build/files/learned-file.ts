import { sha256 } from '#oci'
import { type Bytes, fromBuffer, hashed } from '#stream'
import type { FileDigests } from './digests.ts'
import type { FileNode } from './node.ts'
import type { FileTree } from './tree.ts'

/** Files of one tree, and the digests of those that were read. */
export interface LearnedTree {
  readonly tree: FileTree
  readonly digests: FileDigests
}

/** Reads a file, and learns its digest after the last byte. */
export function readLearning({ tree, digests }: LearnedTree, node: FileNode): Uint8Array | Bytes {
  const begin = Date.now()
  const contents = tree.read(node)
  if (!(contents instanceof Uint8Array)) {
    return hashed(contents, ({ digest }) => digests.learn(node, digest, begin))
  }
  digests.learn(node, sha256(contents), begin)
  return contents
}

/** A file that a consumer reads. The consumer may stop before the end. */
export interface LearnedFile extends AsyncDisposable {
  readonly bytes: Bytes
  /** Reads the rest of the file, so that the digest is learned. */
  finish(): Promise<void>
}

export function openLearning(from: LearnedTree, node: FileNode): LearnedFile {
  const contents = readLearning(from, node)
  const bytes = contents instanceof Uint8Array ? fromBuffer(contents) : contents
  const iterator = bytes[Symbol.asyncIterator]()
  return {
    // There is no `return`, because a consumer that stops early must not end the reading.
    bytes: { [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) },
    async finish() {
      for (let next = await iterator.next(); next.done !== true; ) next = await iterator.next()
    },
    async [Symbol.asyncDispose]() {
      await iterator.return?.()
    },
  }
}
