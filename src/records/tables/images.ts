import type { Digest, Platform } from '#oci'
import type { SqlRow } from '#platform'
import type { RecordsContext } from '../context.ts'
import { Fields, readRows } from '../fields.ts'

/** An image for one platform: the facts that lists show without reading its documents. */
export interface ImageRecord {
  /** Digest of the manifest. */
  readonly digest: Digest
  readonly mediaType: string
  /** Bytes of the manifest. */
  readonly size: number
  /** Digest of the config, which users know as the image ID. */
  readonly imageId: Digest
  readonly platform: Platform
  /** The time in its config, milliseconds since 1970; `null` when it has none. */
  readonly createdAt: number | null
  /** Bytes of all its layers, uncompressed. */
  readonly totalSize: number
}

/** An image, and when it was added. */
export interface StoredImage extends ImageRecord {
  /** When it was last built, pulled, loaded or imported here: milliseconds since 1970. */
  readonly addedAt: number
}

/** Images by manifest digest. */
export interface Images {
  /** Replaces the record of the same manifest. The image's content must be durable. */
  put(image: ImageRecord): void
  get(digest: Digest): ImageRecord | undefined
  /** Last recorded first. */
  list(): StoredImage[]
  remove(digest: Digest): boolean
  /**
   * Images whose ID or manifest digest starts with `prefix`: hexadecimal, with or without
   * `sha256:`. Empty for any other text. Images with the same ID differ only in their manifest.
   */
  findByPrefix(prefix: string): ImageRecord[]
}

export function createImages({ database, now, reportIn }: RecordsContext): Images {
  const report = reportIn('images')
  return {
    put: (image) => {
      database.run(
        'INSERT OR REPLACE INTO images (digest, media_type, size, image_id, platform, created_at, total_size, added_at) VALUES (?,?,?,?,?,?,?,?)',
        image.digest,
        image.mediaType,
        image.size,
        image.imageId,
        JSON.stringify(image.platform),
        image.createdAt,
        image.totalSize,
        now(),
      )
    },
    get: (digest) => {
      const row = database.get('SELECT * FROM images WHERE digest = ?', digest)
      return row && readImage(row)
    },
    list: () =>
      readRows(
        database.all('SELECT * FROM images ORDER BY added_at DESC, digest'),
        readStored,
        report,
      ),
    remove: (digest) => database.run('DELETE FROM images WHERE digest = ?', digest) > 0,
    findByPrefix: (prefix) => {
      const match = /^(?:(sha256|sha384|sha512):)?([0-9a-f]{1,128})$/.exec(prefix)
      if (match === null) return []
      const from = `${match[1] ?? 'sha256'}:${match[2]}`
      const rows = database.all(
        `SELECT * FROM images WHERE (image_id >= ?1 AND image_id < ?2) OR (digest >= ?1 AND digest < ?2)
         ORDER BY added_at DESC, digest`,
        from,
        `${from}g`,
      )
      return readRows(rows, readImage, report)
    },
  }
}

function readStored(row: SqlRow): StoredImage {
  const addedAt = new Fields(`the image ${String(row['digest'])}`, row).number('added_at')
  return { ...readImage(row), addedAt }
}

function readImage(row: SqlRow): ImageRecord {
  const fields = new Fields(`the image ${String(row['digest'])}`, row)
  const { os, architecture, ...rest } = fields.document('platform')
  return {
    digest: fields.digest('digest'),
    mediaType: fields.text('media_type'),
    size: fields.number('size'),
    imageId: fields.digest('image_id'),
    platform: { ...rest, os: String(os), architecture: String(architecture) },
    createdAt: fields.nullable('created_at', (column) => fields.number(column)),
    totalSize: fields.number('total_size'),
  }
}
