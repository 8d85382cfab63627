import { type Digest, isDigest } from '#oci'
import type { RecordsContext } from './context.ts'

/** A file whose content was hashed while its status was `stamp`. */
export interface FileRecord {
  /** Relative to the root it was found under. */
  readonly path: string
  /**
   * Whatever changes when the file does, as one text compared for equality: size,
   * modification and change time in nanoseconds, inode.
   */
  readonly stamp: string
  readonly digest: Digest
}

/** The stamp of a file from its status; `lstat` with `bigint` gives such. */
export function stampOf(status: {
  readonly size: number | bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  readonly ino: number | bigint
}): string {
  return `${status.size} ${status.mtimeNs} ${status.ctimeNs} ${status.ino}`
}

/** Digests of files by the root of a build context: an unchanged file is not read again. */
export interface FileIndex {
  /** Everything known below `root`, by path. */
  read(root: string): Map<string, FileRecord>
  /** Records `changed` and forgets `removed`, in one transaction. */
  write(root: string, changed: readonly FileRecord[], removed?: readonly string[]): void
  /** Forgets roots not used since a time, or all; says how many. */
  prune(unusedSince?: number): number
}

export function createFileIndex({ database, now }: RecordsContext): FileIndex {
  const rootId = (root: string): number | undefined => {
    const row = database.get('SELECT id FROM file_roots WHERE path = ?', root)
    return row === undefined ? undefined : Number(row['id'])
  }
  return {
    read: (root) => {
      const files = new Map<string, FileRecord>()
      const id = rootId(root)
      if (id === undefined) return files
      for (const [path, stamp, digest] of database.values(
        'SELECT path, stamp, digest FROM files WHERE root = ?',
        id,
      )) {
        // A damaged row is as good as none: the file is hashed again.
        if (typeof path !== 'string' || typeof stamp !== 'string') continue
        if (typeof digest === 'string' && isDigest(digest)) files.set(path, { path, stamp, digest })
      }
      return files
    },
    write: (root, changed, removed = []) =>
      database.transaction(() => {
        database.run(
          'INSERT INTO file_roots (path, used_at) VALUES (?1, ?2) ON CONFLICT (path) DO UPDATE SET used_at = ?2',
          ...[root, now()],
        )
        const id = rootId(root) ?? 0
        for (const path of removed) {
          database.run('DELETE FROM files WHERE root = ? AND path = ?', id, path)
        }
        // In the order of the key: five times faster than in any other.
        for (const { path, stamp, digest } of changed.toSorted(byPath)) {
          database.run(
            'INSERT OR REPLACE INTO files (root, path, stamp, digest) VALUES (?,?,?,?)',
            ...[id, path, stamp, digest],
          )
        }
      }),
    prune: (unusedSince = Number.MAX_SAFE_INTEGER) =>
      database.run('DELETE FROM file_roots WHERE used_at < ?', unusedSince),
  }
}

function byPath(one: FileRecord, other: FileRecord): number {
  return one.path < other.path ? -1 : 1
}
