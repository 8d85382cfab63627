/** A table that the databases of registries have in common: in PostgreSQL `strake_` is in front of its name. */
export interface SharedTable {
  readonly name: string
  /** The type of each column: PostgreSQL gives numbers as texts. */
  readonly columns: Readonly<Record<string, 'number' | 'text'>>
  /** The columns of the primary key. */
  readonly key: readonly string[]
  /** The column whose values the database counts up by itself. */
  readonly counted?: string | undefined
}

/** In an order in which rows come after those that they refer to. */
export const sharedTables: readonly SharedTable[] = [
  {
    name: 'repositories',
    columns: { id: 'number', name: 'text', created_at: 'number' },
    key: ['id'],
    counted: 'id',
  },
  {
    name: 'members',
    columns: {
      repository: 'number',
      kind: 'number',
      digest: 'text',
      media_type: 'text',
      size: 'number',
      described: 'text',
      subject: 'text',
      added_at: 'number',
      pulled_at: 'number',
      added_by: 'text',
      free_since: 'number',
    },
    key: ['repository', 'kind', 'digest'],
  },
  {
    name: 'named',
    columns: { repository: 'number', manifest: 'text', digest: 'text' },
    key: ['repository', 'manifest', 'digest'],
  },
  {
    name: 'tags',
    columns: {
      repository: 'number',
      name: 'text',
      digest: 'text',
      moved_at: 'number',
      moved_by: 'text',
      pulled_at: 'number',
    },
    key: ['repository', 'name'],
  },
  {
    name: 'tag_moves',
    columns: {
      id: 'number',
      repository: 'text',
      tag: 'text',
      digest: 'text',
      previous: 'text',
      media_type: 'text',
      size: 'number',
      moved_at: 'number',
      moved_by: 'text',
    },
    key: ['id'],
    counted: 'id',
  },
  { name: 'usage', columns: { scope: 'text', bytes: 'number' }, key: ['scope'] },
  { name: 'unheld', columns: { digest: 'text', since: 'number' }, key: ['digest'] },
]

/** Rows that are in memory at a time. */
export const pageSize = 1000
