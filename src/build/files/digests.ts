import { createHash } from 'node:crypto'
import type { Digest } from '#oci'
import { createHasher } from '#stream'
import { FileIndex } from './file-index.ts'
import type { FileNode } from './node.ts'
import type { StatusOrigin } from './status-origin.ts'
import type { FileTree } from './tree.ts'

/** Digests of the files of one tree. */
export interface FileDigests {
  /**
   * Returns the digest of a file whose status proves that it has not changed since it was
   * hashed.
   */
  known(node: FileNode): Digest | undefined
  /** Reads the file. */
  compute(node: FileNode): Promise<Digest>
  /**
   * Adds the digest of a file that was read for another purpose. `begin` is the start of
   * reading, in milliseconds.
   */
  learn(node: FileNode, digest: Digest, begin: number): void
  /** The number of files whose bytes differed from their known digest when they were read. */
  readonly corrections: number
  /** Keeps all files in the index, because the build uses files that it did not look up. */
  keepAll(): void
  /** Writes the index for the next build and closes the old one. */
  save(): void
  /**
   * Removes files from the index that this build did not look up, if they are most of the
   * index. Called after `save`.
   */
  forget(): void
}

/** The file that keeps digests between builds. */
export interface DigestIndex {
  /** Path of the index file. */
  readonly path: string
  readonly origin: StatusOrigin
}

/**
 * Computes digests of files. `stored` keeps them between builds: a file whose size, times
 * and inode are unchanged is not read again. Without `stored` they are not kept.
 */
export function createFileDigests(tree: FileTree, stored?: DigestIndex): FileDigests {
  let index: FileIndex | undefined
  const asked = new Map<FileNode, Digest | undefined>()
  const unsaved = new Map<FileNode, Digest>()
  let isForgetful = true
  let indexSize = 0
  let read = 0
  let corrections = 0
  const openIndex = ({ path, origin }: DigestIndex): FileIndex => new FileIndex(path, origin.name)
  const learn = (node: FileNode, digest: Digest, begin: number): void => {
    const believed = asked.get(node)
    if (believed !== undefined && believed !== digest) corrections++
    asked.set(node, digest)
    if (stored?.origin.covers(node) && isSettled(node, begin)) unsaved.set(node, digest)
  }
  return {
    learn,
    get corrections() {
      return corrections
    },
    known(node) {
      const digest = asked.get(node)
      if (digest !== undefined || asked.has(node)) return digest
      if (stored !== undefined) index ??= openIndex(stored)
      const found = stored?.origin.covers(node) ? index?.find(node) : undefined
      asked.set(node, found)
      return found
    },
    async compute(node) {
      if (++read % readsPerTurn === 0) await new Promise((resolve) => setImmediate(resolve))
      const begin = Date.now()
      const digest = await hashFile(tree, node)
      learn(node, digest, begin)
      return digest
    },
    keepAll() {
      isForgetful = false
    },
    save() {
      if (stored === undefined) return
      if (unsaved.size > 0) {
        index ??= openIndex(stored)
        for (const [node, digest] of unsaved) index.set(node, digest)
        index.write(stored.path)
        unsaved.clear()
      }
      indexSize = index?.size ?? indexSize
      index = undefined
    },
    forget() {
      // A build may use only a part of the context.
      if (stored === undefined || !isForgetful || indexSize <= 2 * (asked.size + unusedLimit))
        return
      const old = openIndex(stored)
      old.keep(new Set([...asked.keys()].map(({ path }) => path)))
      old.write(stored.path)
    },
  }
}

/**
 * True when every change after `time` (milliseconds) gives the file another status.
 * The clock of a file system moves in ticks, and a second change in the same tick
 * leaves the status as it is.
 */
export function isSettled(
  { ctime, ctimeNanoseconds }: Pick<FileNode, 'ctime' | 'ctimeNanoseconds'>,
  time: number,
): boolean {
  return time - (ctime * 1000 + ctimeNanoseconds / 1e6) > racyTime
}

/** The number of unused files that the index may have. */
const unusedLimit = 10_000
/** In milliseconds. */
const racyTime = 50
/** Small files are read synchronously, so other work gets a turn now and then. */
const readsPerTurn = 32

async function hashFile(tree: FileTree, node: FileNode): Promise<Digest> {
  const contents = tree.read(node)
  if (contents instanceof Uint8Array) {
    return `sha256:${createHash('sha256').update(contents).digest('hex')}`
  }
  const hasher = createHasher()
  for await (const chunk of contents) hasher.update(chunk)
  return hasher.digest()
}
