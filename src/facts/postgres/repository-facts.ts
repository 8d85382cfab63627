import { type Descriptor, type Digest, StrakeError } from '#oci'
import type { Postgres, SqlRow } from '#platform'
import { sqlState } from '#platform/data/postgres'
import {
  type Change,
  type Member,
  type MemberKind,
  type Quota,
  type Removal,
  type RepositoryFacts,
  type TagChange,
  type TagOutcome,
  useResolution,
} from '#registry'
import { describedJson, digestOf, kindNumber, memberColumns, readMember } from '../rows.ts'
import { inTime } from './in-time.ts'

export interface Backing {
  readonly postgres: Postgres
  readonly now: () => number
  /** Returns the time after which the database must not begin a change that is sent now. */
  readonly deadline: () => number
}

/** Rows that one query reads. */
export const pageSize = 1000

export const idOf = '(SELECT id FROM strake_repositories WHERE name = $1)'

/** The facts of one repository in PostgreSQL. Every call is one query. */
export class PostgresRepositoryFacts implements RepositoryFacts {
  readonly #name: string
  readonly #postgres: Postgres
  readonly #now: () => number
  readonly #deadline: () => number
  /** The row of the manifest whose tag was found in this turn of the event loop. */
  #tagged: SqlRow | undefined

  constructor(name: string, { postgres, now, deadline }: Backing) {
    this.#name = name
    this.#postgres = postgres
    this.#now = now
    this.#deadline = deadline
  }

  async exists(): Promise<boolean> {
    const query = 'SELECT 1 FROM strake_repositories WHERE name = $1'
    return (await this.#postgres.query(query, this.#name)).length > 0
  }

  async find(kind: MemberKind, digest: Digest): Promise<Member | undefined> {
    const row = this.#takeTagged(kind, digest) ?? (await this.#findRow(kind, digest))
    if (row === undefined) return undefined
    const freeSince = row['free_since']
    if (freeSince === null || this.#now() - Number(freeSince) < useResolution) {
      return readMember(row)
    }
    // The caller relies on it, so a collection must see the new time. It may have removed it.
    const used = await this.#postgres.query(
      `UPDATE strake_members SET free_since = CASE WHEN free_since IS NULL THEN NULL ELSE $4::bigint END
       WHERE repository = ${idOf} AND kind = $2 AND digest = $3 RETURNING 1`,
      ...[this.#name, kindNumber[kind], digest, this.#now()],
    )
    return used.length > 0 ? readMember(row) : undefined
  }

  async add(member: Member, { by, quotas = [] }: Change = {}): Promise<void> {
    const { kind, descriptor, subject, names = [] } = member
    const { mediaType, digest, size } = descriptor
    try {
      await this.#postgres.query(
        `SELECT strake_add_member($1, $2::smallint, $3, $4, $5::bigint, $6, $7, $8, $9::bigint,
           $10::text[], $11::text[], $12::text[], $13::text[]) FROM ${inTime(14)}`,
        ...[this.#name, kindNumber[kind], digest, mediaType, size, describedJson(descriptor)],
        ...[subject ?? null, by ?? null, this.#now(), names],
        ...[quotas.map(scopeOf), quotas.map(({ bytes }) => String(bytes))],
        ...[quotas.map(({ name }) => name), this.#deadline()],
      )
    } catch (error) {
      if (sqlState(error) !== 'SK001' || !(error instanceof Error)) throw error
      throw new StrakeError('DENIED', `Cannot add ${digest}: ${error.message}`, { cause: error })
    }
  }

  async remove(
    kind: MemberKind,
    digest: Digest,
    { by, onlyTags }: Removal = {},
  ): Promise<readonly string[]> {
    const rows = await this.#postgres.query(
      `SELECT strake_remove_unless_tagged($1, $2::smallint, $3, $4::text[], $5, $6::bigint) AS tag
       FROM ${inTime(7)}`,
      ...[this.#name, kindNumber[kind], digest, onlyTags ?? null, by ?? null, this.#now()],
      this.#deadline(),
    )
    return rows.map(({ tag }) => String(tag))
  }

  async findTag(tag: string): Promise<Digest | undefined> {
    // The caller needs the manifest next, so the same query gets it.
    const [row] = await this.#postgres.query(
      `SELECT t.digest AS tagged, m.* FROM strake_tags t LEFT JOIN LATERAL
         (SELECT ${memberColumns}, free_since FROM strake_members
          WHERE repository = t.repository AND kind = 1 AND digest = t.digest) m ON true
       WHERE t.repository = ${idOf} AND t.name = $2`,
      ...[this.#name, tag],
    )
    if (row === undefined) return undefined
    if (row['digest'] !== null) {
      this.#tagged = row
      setImmediate(() => {
        this.#tagged = undefined
      })
    }
    return digestOf(row['tagged'])
  }

  #takeTagged(kind: MemberKind, digest: Digest): SqlRow | undefined {
    const row = this.#tagged
    this.#tagged = undefined
    return kind === 'manifest' && row?.['digest'] === digest ? row : undefined
  }

  async #findRow(kind: MemberKind, digest: Digest): Promise<SqlRow | undefined> {
    const [row] = await this.#postgres.query(
      `SELECT ${memberColumns}, free_since FROM strake_members
       WHERE repository = ${idOf} AND kind = $2 AND digest = $3`,
      ...[this.#name, kindNumber[kind], digest],
    )
    return row
  }

  async setTag(
    tag: string,
    digest: Digest | undefined,
    { by, onlyNew = false, onlyHeld = false, from }: TagChange = {},
  ): Promise<TagOutcome> {
    const [row] = await this.#postgres.query(
      `SELECT strake_change_tag($1, $2, $3, $4, $5::boolean, $6::boolean, $7, $8::bigint) AS outcome
       FROM ${inTime(9)}`,
      ...[this.#name, tag, digest ?? null, by ?? null, onlyNew, onlyHeld, from ?? null],
      ...[this.#now(), this.#deadline()],
    )
    return row?.['outcome'] as TagOutcome
  }

  async *tags({ after = '' }: { readonly after?: string } = {}): AsyncGenerator<string> {
    const query = `SELECT name FROM strake_tags WHERE repository = ${idOf} AND name > $2
                   ORDER BY name LIMIT ${pageSize}`
    for (let last = after; ; ) {
      const page = await this.#postgres.query(query, this.#name, last)
      for (const row of page) yield String(row['name'])
      if (page.length < pageSize) return
      last = String(page.at(-1)?.['name'])
    }
  }

  async *referrers(
    subject: Digest,
    { after = '' }: { readonly after?: string | undefined } = {},
  ): AsyncGenerator<Descriptor> {
    const query = `SELECT ${memberColumns} FROM strake_members
                   WHERE repository = ${idOf} AND subject = $2 AND digest > $3 AND kind = 1
                   ORDER BY digest LIMIT ${pageSize}`
    for (let last: string = after; ; ) {
      const page = await this.#postgres.query(query, this.#name, subject, last)
      for (const row of page) yield readMember(row).descriptor
      if (page.length < pageSize) return
      last = String(page.at(-1)?.['digest'])
    }
  }
}

function scopeOf({ of }: Quota): string {
  if ('sender' in of) return `s/${of.sender}`
  return of.prefix === '' ? 'r' : `r/${of.prefix}`
}
