import { createHash } from 'node:crypto'
import type { Digest } from '#oci'
import { createHasher } from '#stream'
import { FileIndex } from './file-index.ts'
import type { FileNode } from './node.ts'
import type { FileTree } from './tree.ts'

/** Digests of the files of one tree. */
export interface FileDigests {
  /** The digest of a file that is known to be the one that was hashed before. */
  known(node: FileNode): Digest | undefined
  /** Reads the file. */
  compute(node: FileNode): Promise<Digest>
  /** Takes the digest from somebody who read the file for another end, and began to after `begin`. */
  learn(node: FileNode, digest: Digest, begin: number): void
  /** Some files are in use without having been asked for: nothing is forgotten by this build. */
  keepAll(): void
  /** Remembers what was read, for the next build, and lets go of what earlier builds remembered. */
  save(): void
  /** Forgets, after `save`, the files that this build did not ask for, if those are most of them. */
  forget(): void
}

/**
 * Digests that are kept between builds in the file at `indexPath`: a file whose
 * size, times and inode are unchanged is not read again. Without it nothing is kept.
 */
export function createFileDigests(tree: FileTree, indexPath?: string): FileDigests {
  let index: FileIndex | undefined
  const asked = new Map<FileNode, Digest | undefined>()
  const unsaved = new Map<FileNode, Digest>()
  let isForgetful = true
  let indexSize = 0
  let read = 0
  const learn = (node: FileNode, digest: Digest, begin: number): void => {
    asked.set(node, digest)
    if (isSettled(node, begin)) unsaved.set(node, digest)
  }
  return {
    learn,
    known(node) {
      const digest = asked.get(node)
      if (digest !== undefined || asked.has(node)) return digest
      if (indexPath !== undefined) index ??= new FileIndex(indexPath)
      const found = index?.find(node)
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
      if (indexPath === undefined) return
      if (unsaved.size > 0) {
        index ??= new FileIndex(indexPath)
        for (const [node, digest] of unsaved) index.set(node, digest)
        index.write(indexPath)
        unsaved.clear()
      }
      indexSize = index?.size ?? indexSize
      index = undefined
    },
    forget() {
      // A build may use a part of the context only, so some files may be unknown to it.
      if (indexPath === undefined || !isForgetful || indexSize <= 2 * (asked.size + spare)) return
      const old = new FileIndex(indexPath)
      old.keep(new Set([...asked.keys()].map(({ path }) => path)))
      old.write(indexPath)
    },
  }
}

/**
 * True when a file looked at from `time` on (milliseconds) shows by its status
 * every change that is still to come. The clock of a filesystem ticks in steps:
 * a second change within the same tick leaves no trace.
 */
export function isSettled({ ctime, ctimeNanoseconds }: FileNode, time: number): boolean {
  return time - (ctime * 1000 + ctimeNanoseconds / 1e6) > racyTime
}

/** Files that are kept in the index though no build uses them any more. */
const spare = 10_000
/** Milliseconds. */
const racyTime = 50
/** Small files are read without leaving the thread; others want their turn too. */
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
