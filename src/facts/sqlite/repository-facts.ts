import type { Descriptor, Digest } from '#oci'
import type { Database } from '#platform'
import {
  type Change,
  isStorageFull,
  type Member,
  type MemberKind,
  type Removal,
  type RepositoryFacts,
  type TagChange,
  type TagOutcome,
  useResolution,
} from '#registry'
import { digestOf, kindNumber, memberColumns, readMember } from '../rows.ts'
import { addMember, enterRepository, findRepository, removeMember } from './members.ts'
import { checkQuota } from './quota.ts'
import type { ReadCache } from './read-cache.ts'
import { moveTag, removeTags } from './tags.ts'
import type { GroupWriter } from './writer.ts'

export interface Backing {
  readonly database: Database
  readonly writer: GroupWriter
  readonly cache: ReadCache
  readonly now: () => number
}

/** Rows that one query reads. A list of any length holds no more than these in memory. */
export const pageSize = 1000

export const idOf = '(SELECT id FROM repositories WHERE name = ?)'

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
    const { cache, now } = this.#backing
    const found = cache.get(`${kind} ${this.#name} ${digest}`, () => {
      const row = this.#database.get(
        `SELECT ${memberColumns}, free_since FROM members
         WHERE repository = ${idOf} AND kind = ? AND digest = ?`,
        ...[this.#name, kindNumber[kind], digest],
      )
      return row && { member: readMember(row), freeSince: row['free_since'] as number | null }
    })
    if (found === undefined) return undefined
    const { member, freeSince } = found
    if (freeSince === null || now() - freeSince < useResolution) return member
    return (await this.#use(kind, digest)) ? member : undefined
  }

  /**
   * Delays the collection of a member that nothing holds. Returns false when it is gone. On a full
   * disk it can still be read, and a collection cannot remove it either.
   */
  async #use(kind: MemberKind, digest: Digest): Promise<boolean> {
    const { database, writer, now } = this.#backing
    const isThere = (): boolean => {
      const query = `SELECT 1 FROM members WHERE repository = ${idOf} AND kind = ? AND digest = ?`
      return database.get(query, this.#name, kindNumber[kind], digest) !== undefined
    }
    const renewal = writer.write(() => {
      const changed = database.run(
        `UPDATE members SET free_since = ? WHERE repository = ${idOf} AND kind = ? AND digest = ?
           AND free_since IS NOT NULL`,
        ...[now(), this.#name, kindNumber[kind], digest],
      )
      return changed > 0 || isThere()
    })
    return await renewal.catch((error: unknown) => {
      if (isStorageFull(error)) return isThere()
      throw error
    })
  }

  add(member: Member, { by, quotas = [] }: Change = {}): Promise<void> {
    const { database, writer, now } = this.#backing
    return writer.write(() => {
      const at = now()
      const repository = enterRepository(database, this.#name, at)
      if (!addMember(database, repository, member, { at, by })) return
      for (const quota of quotas) checkQuota(database, quota, member)
    })
  }

  remove(kind: MemberKind, digest: Digest, removal: Removal = {}): Promise<readonly string[]> {
    const { database, writer, now } = this.#backing
    return writer.write(() => {
      const repository = findRepository(database, this.#name)
      if (repository === undefined) return []
      const at = now()
      if (kind === 'manifest') {
        const others = removeTags(database, repository, { ...removal, digest, at })
        if (others.length > 0) return others
      }
      removeMember(database, repository, { kind, digest }, at)
      return []
    })
  }

  async findTag(tag: string): Promise<Digest | undefined> {
    return this.#backing.cache.get(`tag ${this.#name} ${tag}`, () => {
      const query = `SELECT digest FROM tags WHERE repository = ${idOf} AND name = ?`
      const row = this.#database.get(query, this.#name, tag)
      return row && digestOf(row['digest'])
    })
  }

  setTag(tag: string, digest: Digest | undefined, change: TagChange = {}): Promise<TagOutcome> {
    const { database, writer, now } = this.#backing
    const { onlyHeld = false } = change
    return writer.write(() => {
      const at = now()
      const repository =
        digest === undefined || onlyHeld
          ? findRepository(database, this.#name)
          : enterRepository(database, this.#name, at)
      if (repository !== undefined) {
        return moveTag(database, repository, { ...change, tag, digest, at })
      }
      return digest === undefined ? 'done' : 'unheld'
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
