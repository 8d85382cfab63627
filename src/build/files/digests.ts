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
  const computed = new Map<string, FileRecord>()
  const unsaved = new Map<string, FileRecord>()
  const seen = new Set<string>()
  let read = 0
  return {
    known(node) {
      indexed ??= index?.read(tree.root) ?? new Map()
      seen.add(node.path)
      const record = computed.get(node.path) ?? indexed.get(node.path)
      return record !== undefined && record.stamp === stampOf(node) ? record.digest : undefined
    },
    async compute(node) {
      if (++read % readsPerTurn === 0) await new Promise((resolve) => setImmediate(resolve))
      const begin = BigInt(Date.now()) * 1_000_000n
      const record = { path: node.path, stamp: stampOf(node), digest: await hashFile(tree, node) }
      computed.set(node.path, record)
      // The clock of a filesystem ticks in steps: a change within the tick in which a file
      // was hashed leaves no trace in its status.
      if (begin - node.ctimeNs > racyNs) unsaved.set(node.path, record)
      return record.digest
    },
    save() {
      const forgotten = [...(indexed?.keys() ?? [])].filter((path) => !seen.has(path))
      // A build may use a part of the context only, so some files are allowed to be unknown to it.
      const removed = forgotten.length > seen.size + spare ? forgotten : []
      if (unsaved.size + removed.length > 0) {
        index?.write(tree.root, [...unsaved.values()], removed)
      }
      unsaved.clear()
    },
  }
}

function stampOf({ size, mtimeNs, ctimeNs, inode }: FileNode): string {
  return `${size} ${mtimeNs} ${ctimeNs} ${inode}`
}

/** Files that are kept in the index though no build uses them any more. */
const spare = 10_000
const racyNs = 50_000_000n
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
