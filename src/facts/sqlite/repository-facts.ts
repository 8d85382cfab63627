import type { Descriptor, Digest } from '#oci'
import type { Database } from '#platform'
import type { Member, MemberKind, RepositoryFacts } from '#registry'
import type { ReadCache } from './read-cache.ts'
import { describedJson, digestOf, kindNumber, memberColumns, readMember } from './rows.ts'
import type { GroupWriter } from './writer.ts'

export interface Backing {
  readonly database: Database
  readonly writer: GroupWriter
  readonly cache: ReadCache
  readonly now: () => number
}

/** Rows that one query reads. A list of any length holds no more than these in memory. */
const pageSize = 1000

const idOf = '(SELECT id FROM repositories WHERE name = ?)'

/** The facts of one repository in the tables of `schema.ts`. */
export class SqliteRepositoryFacts implements RepositoryFacts {
  readonly #name: string
  readonly #backing: Backing
  readonly #database: Database

  constructor(name: string, backing: Backing) {
    this.#name = name
    this.#backing = backing
    this.#database = backing.database
  }

  async exists(): Promise<boolean> {
    return this.#database.get('SELECT 1 FROM repositories WHERE name = ?', this.#name) !== undefined
  }

  async find(kind: MemberKind, digest: Digest): Promise<Member | undefined> {
    return this.#backing.cache.get(`${kind} ${this.#name} ${digest}`, () => {
      const row = this.#database.get(
        `SELECT ${memberColumns} FROM members WHERE repository = ${idOf} AND kind = ? AND digest = ?`,
        this.#name,
        kindNumber[kind],
        digest,
      )
      return row && readMember(row)
    })
  }

  add(member: Member): Promise<void> {
    const { database, writer, now } = this.#backing
    return writer.write(() => addMember(database, this.#name, member, now()))
  }

  remove(kind: MemberKind, digest: Digest): Promise<void> {
    const { database, writer, now } = this.#backing
    return writer.write(() => {
      const id = findId(database, this.#name)
      if (id === undefined) return
      if (kind === 'manifest') {
        const tags = 'SELECT name FROM tags WHERE repository = ? AND digest = ?'
        for (const { name } of database.all(tags, id, digest)) {
          moveTag(database, {
            name: this.#name,
            id,
            tag: String(name),
            digest: undefined,
            at: now(),
          })
        }
        database.run('DELETE FROM named WHERE repository = ? AND manifest = ?', id, digest)
      }
      const members = 'DELETE FROM members WHERE repository = ? AND kind = ? AND digest = ?'
      database.run(members, id, kindNumber[kind], digest)
    })
  }

  async findTag(tag: string): Promise<Digest | undefined> {
    return this.#backing.cache.get(`tag ${this.#name} ${tag}`, () => {
      const query = `SELECT digest FROM tags WHERE repository = ${idOf} AND name = ?`
      const row = this.#database.get(query, this.#name, tag)
      return row && digestOf(row['digest'])
    })
  }

  setTag(tag: string, digest: Digest | undefined, by?: string): Promise<void> {
    const { database, writer, now } = this.#backing
    return writer.write(() => {
      const at = now()
      const id =
        digest === undefined ? findId(database, this.#name) : enter(database, this.#name, at)
      if (id !== undefined) moveTag(database, { name: this.#name, id, tag, digest, by, at })
    })
  }

  async *tags({ after = '' }: { readonly after?: string } = {}): AsyncGenerator<string> {
    const query = `SELECT name FROM tags WHERE repository = ${idOf} AND name > ?
                   ORDER BY name LIMIT ${pageSize}`
    for (let last = after; ; ) {
      const page = this.#database.values(query, this.#name, last)
      for (const [name] of page) yield String(name)
      if (page.length < pageSize) return
      last = String(page.at(-1)?.[0])
    }
  }

  async *referrers(
    subject: Digest,
    { after = '' }: { readonly after?: string | undefined } = {},
  ): AsyncGenerator<Descriptor> {
    const query = `SELECT ${memberColumns} FROM members WHERE repository = ${idOf} AND subject = ?
                   AND digest > ? AND kind = 1 ORDER BY digest LIMIT ${pageSize}`
    for (let last: string = after; ; ) {
      const page = this.#database.all(query, this.#name, subject, last)
      for (const row of page) yield readMember(row).descriptor
      if (page.length < pageSize) return
      last = String(page.at(-1)?.['digest'])
    }
  }
}

/** Adds a member in a transaction, and its repository. A known member keeps its times. */
export function addMember(database: Database, name: string, member: Member, at: number): void {
  const { kind, descriptor, subject, names = [] } = member
  const { mediaType, digest, size } = descriptor
  const id = enter(database, name, at)
  database.run(
    `INSERT INTO members (repository, kind, digest, media_type, size, described, subject, added_at, untagged_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET media_type = excluded.media_type, size = excluded.size,
       described = excluded.described, subject = excluded.subject, added_at = excluded.added_at`,
    id,
    kindNumber[kind],
    digest,
    mediaType,
    size,
    describedJson(descriptor),
    subject ?? null,
    at,
    kind === 'manifest' ? at : null,
  )
  for (const named of names) {
    database.run('INSERT OR IGNORE INTO named VALUES (?, ?, ?)', id, digest, named)
  }
}

interface Move {
  readonly name: string
  readonly id: number
  readonly tag: string
  readonly digest: Digest | undefined
  readonly by?: string | undefined
  readonly at: number
}

/** Moves or removes a tag in a transaction, and writes it into the log if it changes anything. */
export function moveTag(database: Database, { name, id, tag, digest, by, at }: Move): void {
  const before = 'SELECT digest FROM tags WHERE repository = ? AND name = ?'
  const previous = database.get(before, id, tag)?.['digest'] as Digest | undefined
  if (previous === digest) return
  if (digest === undefined) {
    database.run('DELETE FROM tags WHERE repository = ? AND name = ?', id, tag)
  } else {
    database.run(
      `INSERT INTO tags (repository, name, digest, moved_at, moved_by) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET digest = excluded.digest, moved_at = excluded.moved_at,
         moved_by = excluded.moved_by`,
      id,
      tag,
      digest,
      at,
      by ?? null,
    )
  }
  database.run(
    `INSERT INTO tag_moves (repository, tag, digest, previous, moved_at, moved_by)
     VALUES (?, ?, ?, ?, ?, ?)`,
    name,
    tag,
    digest ?? null,
    previous ?? null,
    at,
    by ?? null,
  )
  if (digest !== undefined) markTagged(database, id, digest, null)
  if (previous !== undefined && !isTagged(database, id, previous)) {
    markTagged(database, id, previous, at)
  }
}

function isTagged(database: Database, id: number, digest: Digest): boolean {
  const query = 'SELECT 1 FROM tags WHERE repository = ? AND digest = ? LIMIT 1'
  return database.get(query, id, digest) !== undefined
}

function markTagged(database: Database, id: number, digest: Digest, since: number | null): void {
  const update =
    'UPDATE members SET untagged_at = ? WHERE repository = ? AND kind = 1 AND digest = ?'
  database.run(update, since, id, digest)
}

function findId(database: Database, name: string): number | undefined {
  const id = database.get('SELECT id FROM repositories WHERE name = ?', name)?.['id']
  return id === undefined ? undefined : Number(id)
}

function enter(database: Database, name: string, at: number): number {
  const known = findId(database, name)
  if (known !== undefined) return known
  const insert = 'INSERT INTO repositories (name, created_at) VALUES (?, ?) RETURNING id'
  return Number(database.get(insert, name, at)?.['id'])
}
