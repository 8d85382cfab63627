import type { Postgres } from '#platform'
import type { Upload, UploadFacts } from '#registry'

export interface PostgresUploads extends UploadFacts {
  /** Forgets uploads that nobody has used since a time: the replica that began them may have ended. */
  dropUnused(before: number): Promise<void>
}

/** Uploads in progress in PostgreSQL, so that any replica can continue them. */
export function createPostgresUploads(postgres: Postgres): PostgresUploads {
  return {
    isShared: true,
    async put(upload) {
      await postgres.query(
        `INSERT INTO strake_uploads VALUES ($1, $2, $3::bigint)
         ON CONFLICT (id) DO UPDATE SET document = excluded.document, used_at = excluded.used_at`,
        ...[upload.id, JSON.stringify(upload), upload.usedAt],
      )
    },
    async find(id) {
      const [row] = await postgres.query('SELECT document FROM strake_uploads WHERE id = $1', id)
      return row && parseUpload(String(row['document']))
    },
    async remove(id) {
      await postgres.query('DELETE FROM strake_uploads WHERE id = $1', id)
    },
    async dropUnused(before) {
      await postgres.query('DELETE FROM strake_uploads WHERE used_at < $1::bigint', before)
    },
    async *list() {
      for (const row of await postgres.query('SELECT document FROM strake_uploads')) {
        yield parseUpload(String(row['document']))
      }
    },
  }
}

function parseUpload(text: string): Upload {
  return JSON.parse(text) as Upload
}
