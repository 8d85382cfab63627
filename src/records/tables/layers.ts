import type { Descriptor, Digest } from '#oci'
import type { SqlRow } from '#platform'
import type { RecordsContext } from '../context.ts'
import { Fields, readRows } from '../fields.ts'

/**
 * Which blobs are compressed forms of which layer. Saves decompressing a blob to learn its diff ID,
 * and compressing a layer twice.
 */
export interface Layers {
  /**
   * Records that the blob `compressed` decompresses to `diffId`, a tar of `tarSize` bytes. The
   * caller must have verified both digests.
   */
  link(diffId: Digest, compressed: Descriptor, tarSize: number, made?: MadeMembers): Promise<void>
  /**
   * At most `most` blobs that this compressor made here and that were not dropped since, with their
   * members.
   */
  madeBy(compressor: string, most: number): MadeLayer[]
  /** The known compressed forms, in no order. They may have been collected. */
  compressedOf(diffId: Digest): Descriptor[]
  /** The compressor that made a blob here; `undefined` for another blob. */
  compressorOf(digest: Digest): string | undefined
  diffIdOf(digest: Digest): Digest | undefined
  /** Size of a layer's tar in bytes, if one of its blobs was linked. */
  tarSizeOf(diffId: Digest): number | undefined
  /** Removes the record of a blob. */
  unlink(digest: Digest): boolean
}

/** How a blob was compressed here. */
export interface MadeMembers {
  readonly compressor: string
  /** The list of members, in the compressor's format. */
  readonly members: Uint8Array
}

/** A blob that was compressed here. */
export interface MadeLayer {
  readonly blob: Descriptor
  readonly members: Uint8Array
}

export function createLayers({ database, reportIn }: RecordsContext): Layers {
  const report = reportIn('layers')
  return {
    link: async (diffId, { digest, mediaType, size }, tarSize, made) => {
      const values = [digest, diffId, mediaType, size, tarSize]
      // A blob that is linked again keeps its compressor and members.
      await database.write(() =>
        database.run(
          `INSERT INTO layers (digest, diff_id, media_type, size, tar_size, compressor, members)
           VALUES (?,?,?,?,?,?,?)
           ON CONFLICT (digest) DO UPDATE SET
             diff_id = excluded.diff_id, media_type = excluded.media_type, size = excluded.size,
             tar_size = excluded.tar_size, compressor = coalesce(excluded.compressor, compressor),
             members = coalesce(excluded.members, members)`,
          ...values,
          made?.compressor ?? null,
          made?.members ?? null,
        ),
      )
    },
    madeBy: (compressor, most) =>
      readRows(
        database.all(
          `SELECT digest, media_type, size, members FROM layers WHERE compressor = ?
           AND digest NOT IN (SELECT digest FROM dropped) LIMIT ?`,
          compressor,
          most,
        ),
        (row) => ({ blob: readLayer(row), members: new Fields('a layer', row).bytes('members') }),
        report,
      ),
    compressedOf: (diffId) =>
      readRows(
        database.all('SELECT digest, media_type, size FROM layers WHERE diff_id = ?', diffId),
        readLayer,
        report,
      ),
    compressorOf: (digest) => {
      const row = database.get('SELECT compressor FROM layers WHERE digest = ?', digest)
      const fields = row && new Fields(`the layer ${digest}`, row)
      return fields?.nullable('compressor', (column) => fields.text(column)) ?? undefined
    },
    diffIdOf: (digest) => {
      const row = database.get('SELECT diff_id FROM layers WHERE digest = ?', digest)
      return row && new Fields(`the layer ${digest}`, row).digest('diff_id')
    },
    tarSizeOf: (diffId) => {
      const row = database.get('SELECT tar_size FROM layers WHERE diff_id = ? LIMIT 1', diffId)
      return row && new Fields(`the layer ${diffId}`, row).number('tar_size')
    },
    unlink: (digest) => database.run('DELETE FROM layers WHERE digest = ?', digest) > 0,
  }
}

function readLayer(row: SqlRow): Descriptor {
  const fields = new Fields(`the layer ${String(row['digest'])}`, row)
  return {
    mediaType: fields.text('media_type'),
    digest: fields.digest('digest'),
    size: fields.number('size'),
  }
}
