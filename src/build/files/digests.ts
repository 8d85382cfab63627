import { createHash } from 'node:crypto'
import type { Digest } from '#oci'
import { createHasher } from '#stream'
import { FileIndex } from './file-index.ts'
import type { FileNode } from './node.ts'
import type { StatusOrigin } from './status-origin.ts'
import type { FileTree } from './tree.ts'

/** Digests of the files of one tree. */
export interface FileDigests {
  /** The digest of a file that is known to be the one that was hashed before. */
  known(node: FileNode): Digest | undefined
  /** Reads the file. */
  compute(node: FileNode): Promise<Digest>
  /** Takes the digest of a file that was read for another purpose, from `begin` (milliseconds) on. */
  learn(node: FileNode, digest: Digest, begin: number): void
  /** How many files had other bytes, when they were read, than the digest they were known by. */
  readonly corrections: number
  /** Some files are in use without having been asked for: nothing is forgotten by this build. */
  keepAll(): void
  /** Remembers what was read, for the next build, and lets go of what earlier builds remembered. */
  save(): void
  /** Forgets, after `save`, the files that this build did not ask for, if those are most of them. */
  forget(): void
}

/** Where digests are kept between builds. */
export interface DigestMemory {
  /** Of the index file. */
  readonly path: string
  readonly origin: StatusOrigin
}

/**
 * Digests that are kept between builds in `memory`: a file whose size, times and
 * inode are unchanged is not read again. Without a memory nothing is kept.
 */
export function createFileDigests(tree: FileTree, memory?: DigestMemory): FileDigests {
  let index: FileIndex | undefined
  const asked = new Map<FileNode, Digest | undefined>()
  const unsaved = new Map<FileNode, Digest>()
  let isForgetful = true
  let indexSize = 0
  let read = 0
  let corrections = 0
  const openIndex = ({ path, origin }: DigestMemory): FileIndex => new FileIndex(path, origin.name)
  const learn = (node: FileNode, digest: Digest, begin: number): void => {
    const believed = asked.get(node)
    if (believed !== undefined && believed !== digest) corrections++
    asked.set(node, digest)
    if (memory?.origin.covers(node) && isSettled(node, begin)) unsaved.set(node, digest)
  }
  return {
    learn,
    get corrections() {
      return corrections
    },
    known(node) {
      const digest = asked.get(node)
      if (digest !== undefined || asked.has(node)) return digest
      if (memory !== undefined) index ??= openIndex(memory)
      const found = memory?.origin.covers(node) ? index?.find(node) : undefined
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
      if (memory === undefined) return
      if (unsaved.size > 0) {
        index ??= openIndex(memory)
        for (const [node, digest] of unsaved) index.set(node, digest)
        index.write(memory.path)
        unsaved.clear()
      }
      indexSize = index?.size ?? indexSize
      index = undefined
    },
    forget() {
      // A build may use a part of the context only, so some files may be unknown to it.
      if (memory === undefined || !isForgetful || indexSize <= 2 * (asked.size + spare)) return
      const old = openIndex(memory)
      old.keep(new Set([...asked.keys()].map(({ path }) => path)))
      old.write(memory.path)
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
