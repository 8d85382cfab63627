import { createHash } from 'node:crypto'
import type { Digest } from '#oci'
import type { FileIndex, FileRecord } from '#records'
import { createHasher } from '#stream'
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
  /** Remembers what was read, for the next build. */
  save(): void
}

/**
 * Digests that are kept between builds in a stat index: a file whose size,
 * times and inode are unchanged is not read again. Without an `index` nothing
 * is kept.
 */
export function createFileDigests(tree: FileTree, index?: FileIndex): FileDigests {
  let indexed: Map<string, FileRecord> | undefined
  const asked = new Map<FileNode, Digest | undefined>()
  const unsaved = new Set<FileNode>()
  let isForgetful = true
  let read = 0
  const find = (node: FileNode): Digest | undefined => {
    indexed ??= index?.read(tree.root) ?? new Map()
    const record = indexed.get(node.path)
    return record !== undefined && record.stamp === stampOf(node) ? record.digest : undefined
  }
  const learn = (node: FileNode, digest: Digest, begin: number): void => {
    asked.set(node, digest)
    if (isSettled(node, begin)) unsaved.add(node)
  }
  return {
    learn,
    known(node) {
      const digest = asked.get(node)
      if (digest !== undefined || asked.has(node)) return digest
      const found = find(node)
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
      const removed = isForgetful && indexed !== undefined ? forgotten(indexed, asked) : []
      const changed = [...unsaved].flatMap((node) => {
        const digest = asked.get(node)
        return digest === undefined ? [] : [{ path: node.path, stamp: stampOf(node), digest }]
      })
      if (changed.length + removed.length > 0) index?.write(tree.root, changed, removed)
      unsaved.clear()
    },
  }
}

/**
 * What the index has and this build did not ask for. A build may use a part of
 * the context only, so some files are allowed to be unknown to it.
 */
function forgotten(
  indexed: ReadonlyMap<string, unknown>,
  asked: ReadonlyMap<FileNode, unknown>,
): readonly string[] {
  if (indexed.size <= asked.size + spare) return []
  const seen = new Set<string>()
  for (const { path } of asked.keys()) seen.add(path)
  const unseen = [...indexed.keys()].filter((path) => !seen.has(path))
  return unseen.length > seen.size + spare ? unseen : []
}

/**
 * True when a file looked at from `time` on (milliseconds) shows by its status
 * every change that is still to come. The clock of a filesystem ticks in steps:
 * a second change within the same tick leaves no trace.
 */
export function isSettled({ ctime, ctimeNanoseconds }: FileNode, time: number): boolean {
  return time - (ctime * 1000 + ctimeNanoseconds / 1e6) > racyTime
}

function stampOf(node: FileNode): string {
  const { size, mtime, mtimeNanoseconds, ctime, ctimeNanoseconds, inodeLow, inodeHigh } = node
  return `${size} ${mtime}.${mtimeNanoseconds} ${ctime}.${ctimeNanoseconds} ${inodeHigh}.${inodeLow}`
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
