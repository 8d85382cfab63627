import type { Descriptor } from '#oci'
import type { SqlRow } from '#platform'
import type { RecordsContext } from '../context.ts'
import { Fields, readRows } from '../fields.ts'

/** The target of a name, now or at an earlier time. */
export interface TagRecord {
  /** The canonical reference: `docker.io/library/app:latest`. */
  readonly name: string
  /** Media type, digest and size of the manifest or index. */
  readonly target: Descriptor
  /** When the name was last set to this target. */
  readonly updatedAt: number
}

/** One change of the target of a name. */
export interface TagMove {
  readonly name: string
  /** `null`: the name was removed. */
  readonly target: Descriptor | null
  /** `null`: the name was new. */
  readonly previous: Descriptor | null
  readonly at: number
  /** The cause: a verb such as `build` or `pull`. */
  readonly by: string
}

/**
 * Names of images. Every change of a target is stored, so that an earlier target can be shown and
 * restored.
 */
export interface Tags {
  get(name: string): TagRecord | undefined
  /**
   * Points `name` at `target`, which must be durable. Returns `false` when it already did; then no
   * move is recorded, but `updatedAt` changes.
   */
  set(name: string, target: Descriptor, by: string): boolean
  /** Returns `false` when there is no such name. */
  remove(name: string, by: string): boolean
  /** Sorted by name; with `at`, as they were at that time. */
  list(options?: { readonly at?: number | undefined }): TagRecord[]
  /** The names that point to this manifest now. */
  namesOf(digest: string): string[]
  /** Moves of `name`, or of all names, newest first. */
  history(name?: string, options?: { readonly limit?: number }): TagMove[]
  /**
   * The target of `name` before its latest move, also for a removed name; `undefined` when it had
   * none. A rollback is a move too, so two rollbacks restore the start.
   */
  rollbackTarget(name: string): Descriptor | undefined
}

export function createTags({ database, now, reportIn }: RecordsContext): Tags {
  const report = reportIn('tags')
  const get = (name: string): TagRecord | undefined => {
    const row = database.get('SELECT * FROM tags WHERE name = ?', name)
    return row && readTag(row)
  }
  const move = (name: string, to: Descriptor | null, from: Descriptor | null, by: string): void => {
    database.run(
      'INSERT INTO tag_moves (name, at, by, digest, media_type, size, previous_digest, previous_media_type, previous_size) VALUES (?,?,?,?,?,?,?,?,?)',
      name,
      now(),
      by,
      ...columnsOf(to),
      ...columnsOf(from),
    )
  }
  const history = (name?: string, { limit = -1 } = {}): TagMove[] => {
    const where = name === undefined ? '' : 'WHERE name = ?'
    const sql = `SELECT * FROM tag_moves ${where} ORDER BY id DESC LIMIT ?`
    return readRows(
      database.all(sql, ...(name === undefined ? [] : [name]), limit),
      readMove,
      report,
    )
  }
  return {
    get,
    set: (name, target, by) =>
      database.transaction(() => {
        const row = database.get('SELECT * FROM tags WHERE name = ?', name)
        const current = row && readRows([row], readTag, report)[0]
        if (current?.target.digest === target.digest) {
          database.run('UPDATE tags SET updated_at = ? WHERE name = ?', now(), name)
          return false
        }
        database.run(
          'INSERT OR REPLACE INTO tags (name, digest, media_type, size, updated_at) VALUES (?,?,?,?,?)',
          name,
          ...columnsOf(target),
          now(),
        )
        move(name, target, current?.target ?? null, by)
        return true
      }),
    remove: (name, by) =>
      database.transaction(() => {
        const row = database.get('SELECT * FROM tags WHERE name = ?', name)
        if (row === undefined) return false
        database.run('DELETE FROM tags WHERE name = ?', name)
        move(name, null, readRows([row], readTag, report)[0]?.target ?? null, by)
        return true
      }),
    list: ({ at } = {}) => {
      if (at === undefined) {
        return readRows(database.all('SELECT * FROM tags ORDER BY name'), readTag, report)
      }
      const rows = database.all(
        `SELECT name, digest, media_type, size, at AS updated_at FROM tag_moves
         WHERE id IN (SELECT max(id) FROM tag_moves WHERE at <= ? GROUP BY name)
         AND digest IS NOT NULL ORDER BY name`,
        at,
      )
      return readRows(rows, readTag, report)
    },
    namesOf: (digest) =>
      database
        .values('SELECT name FROM tags WHERE digest = ? ORDER BY name', digest)
        .map(([name]) => String(name)),
    history,
    rollbackTarget: (name) => history(name, { limit: 1 })[0]?.previous ?? undefined,
  }
}

function columnsOf(target: Descriptor | null): [string | null, string | null, number | null] {
  if (target === null) return [null, null, null]
  return [target.digest, target.mediaType, target.size]
}

function readTag(row: SqlRow): TagRecord {
  const fields = new Fields(`the tag ${String(row['name'])}`, row)
  return {
    name: fields.text('name'),
    target: readTarget(fields, ''),
    updatedAt: fields.number('updated_at'),
  }
}

function readMove(row: SqlRow): TagMove {
  const fields = new Fields(`the history of ${String(row['name'])}`, row)
  return {
    name: fields.text('name'),
    target: fields.nullable('digest', () => readTarget(fields, '')),
    previous: fields.nullable('previous_digest', () => readTarget(fields, 'previous_')),
    at: fields.number('at'),
    by: fields.text('by'),
  }
}

function readTarget(fields: Fields, prefix: string): Descriptor {
  return {
    mediaType: fields.text(`${prefix}media_type`),
    digest: fields.digest(`${prefix}digest`),
    size: fields.number(`${prefix}size`),
  }
}
