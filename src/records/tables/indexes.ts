import type { Descriptor, Digest } from '#oci'
import type { SqlRow } from '#platform'
import type { RecordsContext } from '../context.ts'
import { Fields, readRows } from '../fields.ts'

/** An image for several platforms: an index, and its images that are stored. */
export interface IndexRecord extends Pick<Descriptor, 'mediaType' | 'digest' | 'size'> {
  /** When it was last built or loaded here: milliseconds since 1970. */
  readonly addedAt: number
  /** Manifest digests of the images, in the order of the index. */
  readonly images: readonly Digest[]
}

/** Indexes by digest. */
export interface Indexes {
  /**
   * Replaces the record of the same index. `images` must be recorded, in the order of the index.
   */
  put(index: Descriptor, images: readonly Digest[]): void
  get(digest: Digest): IndexRecord | undefined
  /** Last recorded first. */
  list(): IndexRecord[]
  remove(digest: Digest): boolean
  /** Indexes whose digest starts with `prefix`; see `Images.findByPrefix`. */
  findByPrefix(prefix: string): IndexRecord[]
  /** The indexes that contain the image with this manifest digest. */
  having(image: Digest): IndexRecord[]
}

export function createIndexes({ database, now, reportIn }: RecordsContext): Indexes {
  const report = reportIn('indexes')
  const imagesOf = (digest: string): Digest[] =>
    database
      .all('SELECT image FROM index_images WHERE index_digest = ? ORDER BY position', digest)
      .map((row) => new Fields(`the index ${digest}`, row).digest('image'))
  const read = (row: SqlRow): IndexRecord => {
    const fields = new Fields(`the index ${String(row['digest'])}`, row)
    const digest = fields.digest('digest')
    return {
      digest,
      mediaType: fields.text('media_type'),
      size: fields.number('size'),
      addedAt: fields.number('added_at'),
      images: imagesOf(digest),
    }
  }
  const readAll = (sql: string, ...values: readonly string[]): IndexRecord[] =>
    readRows(database.all(sql, ...values), read, report)
  return {
    put: ({ digest, mediaType, size }, images) =>
      database.transaction(() => {
        database.run('DELETE FROM index_images WHERE index_digest = ?', digest)
        database.run(
          'INSERT OR REPLACE INTO indexes (digest, media_type, size, added_at) VALUES (?,?,?,?)',
          digest,
          mediaType,
          size,
          now(),
        )
        for (const [position, image] of images.entries()) {
          database.run('INSERT INTO index_images VALUES (?,?,?)', digest, position, image)
        }
      }),
    get: (digest) => {
      const row = database.get('SELECT * FROM indexes WHERE digest = ?', digest)
      return row && read(row)
    },
    list: () => readAll('SELECT * FROM indexes ORDER BY added_at DESC, digest'),
    remove: (digest) =>
      database.transaction(() => {
        database.run('DELETE FROM index_images WHERE index_digest = ?', digest)
        return database.run('DELETE FROM indexes WHERE digest = ?', digest) > 0
      }),
    findByPrefix: (prefix) => {
      const match = /^(?:(sha256|sha384|sha512):)?([0-9a-f]{1,128})$/.exec(prefix)
      if (match === null) return []
      const from = `${match[1] ?? 'sha256'}:${match[2]}`
      const where = 'digest >= ?1 AND digest < ?2'
      return readAll(`SELECT * FROM indexes WHERE ${where} ORDER BY digest`, from, `${from}g`)
    },
    having: (image) =>
      readAll(
        `SELECT * FROM indexes WHERE digest IN (SELECT index_digest FROM index_images WHERE image = ?)
         ORDER BY digest`,
        image,
      ),
  }
}
