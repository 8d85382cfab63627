import { StrakeError } from '#oci'
import { isUniqueViolation, type SqlRow } from '#platform'
import type { RecordsContext } from '../context.ts'
import { Fields, type JsonDocument, readRows } from '../fields.ts'

export interface ContainerRecord {
  /** 64 hexadecimal digits. */
  readonly id: string
  /** Unique among containers. */
  readonly name: string
  /** Digest of the image's manifest; `null` without an image. */
  readonly image: string | null
  readonly createdAt: number
  /** The configuration at creation; only its owner interprets it. */
  readonly config: JsonDocument
  /** The last known state. Files in the container's folder, and the kernel, are more exact. */
  readonly state: JsonDocument
}

export type ContainerChange = Partial<Pick<ContainerRecord, 'name' | 'config' | 'state'>>

export interface Containers {
  /**
   * Throws `CONFLICT` when the name or the ID is taken, also when another process takes it at the
   * same time.
   */
  insert(container: Omit<ContainerRecord, 'createdAt'> & { readonly createdAt?: number }): void
  /** Throws `NOT_FOUND`, and `CONFLICT` for a name that is taken. */
  update(id: string, change: ContainerChange): ContainerRecord
  /** Replaces the state with the result of `next`, in one transaction. Throws `NOT_FOUND`. */
  updateState(id: string, next: (state: JsonDocument) => JsonDocument): ContainerRecord
  get(id: string): ContainerRecord | undefined
  /** Only by its whole name: IDs that begin like it do not count. */
  findByName(name: string): ContainerRecord | undefined
  /**
   * Finds a container by full ID, else by name, else by the prefix of an ID, like Docker. Returns
   * `undefined` when there is none; throws `CONFLICT` when the prefix matches several IDs.
   */
  findByNameOrId(text: string): ContainerRecord | undefined
  /** Newest first. */
  list(): readonly ContainerRecord[]
  /** Also releases its addresses. Returns `false` when there is no such container. */
  remove(id: string): boolean
}

export function createContainers({ database, now, reportIn }: RecordsContext): Containers {
  const report = reportIn('containers')
  const select = (where: string, ...values: readonly string[]): SqlRow[] =>
    database.all(`SELECT * FROM containers WHERE ${where} LIMIT 2`, ...values)
  /** The last list: servers are asked for it again and again. */
  let listed: { readonly version: string; readonly records: readonly ContainerRecord[] } | undefined
  const get = (id: string): ContainerRecord | undefined => {
    const [row] = select('id = ?', id)
    return row && readContainer(row)
  }
  const refusingTaken = <T>(name: string, write: () => T): T => {
    try {
      return write()
    } catch (error) {
      if (!isUniqueViolation(error)) throw error
      const id = String(select('name = ?', name)[0]?.['id'] ?? 'another one').slice(0, 12)
      throw new StrakeError(
        'CONFLICT',
        `Cannot name a container ${name}: the name is already in use by container ${id}`,
        {
          remedy: `remove that one with strake rm ${name}, or choose another name`,
          cause: error,
        },
      )
    }
  }
  const update = (id: string, change: ContainerChange): ContainerRecord =>
    database.transaction(() => {
      const current = get(id)
      if (current === undefined) {
        throw new StrakeError(
          'NOT_FOUND',
          `Cannot update container ${id}: there is no such container`,
        )
      }
      const { name, config, state } = { ...current, ...change }
      const documents = [JSON.stringify(config), JSON.stringify(state)]
      refusingTaken(name, () =>
        database.run(
          'UPDATE containers SET name = ?, config = ?, state = ? WHERE id = ?',
          name,
          ...documents,
          id,
        ),
      )
      return { ...current, name, config, state }
    })
  return {
    insert: ({ id, name, image, createdAt = now(), config, state }) => {
      const documents = [JSON.stringify(config), JSON.stringify(state)]
      refusingTaken(name, () =>
        database.run(
          'INSERT INTO containers (id, name, image, created_at, config, state) VALUES (?,?,?,?,?,?)',
          id,
          name,
          image,
          createdAt,
          ...documents,
        ),
      )
    },
    update,
    updateState: (id, next) =>
      database.transaction(() => update(id, { state: next(get(id)?.state ?? {}) })),
    get,
    findByName: (name) => {
      const [row] = select('name = ?', name)
      return row && readContainer(row)
    },
    findByNameOrId: (text) => {
      const [exact] = [...select('id = ?', text), ...select('name = ?', text)]
      if (exact !== undefined) return readContainer(exact)
      if (!/^[0-9a-f]+$/.test(text)) return undefined
      const [first, second] = select('id >= ? AND id < ?', text, `${text}g`)
      if (second !== undefined) {
        throw new StrakeError(
          'CONFLICT',
          `Cannot choose container ${text}: it is the prefix of several IDs`,
          {
            remedy: 'use a longer prefix, or the name',
          },
        )
      }
      return first && readContainer(first)
    },
    list: () => {
      // The version is read first: a change in between is then seen at the next call.
      const { version } = database
      if (version !== undefined && version === listed?.version) return listed.records
      const rows = database.all('SELECT * FROM containers ORDER BY created_at DESC, id')
      const records = readRows(rows, readContainer, report)
      listed = version === undefined ? undefined : { version, records }
      return records
    },
    remove: (id) => database.run('DELETE FROM containers WHERE id = ?', id) > 0,
  }
}

function readContainer(row: SqlRow): ContainerRecord {
  const fields = new Fields(`the container ${String(row['id'])}`, row)
  return {
    id: fields.text('id'),
    name: fields.text('name'),
    image: fields.nullable('image', (column) => fields.text(column)),
    createdAt: fields.number('created_at'),
    config: fields.document('config'),
    state: fields.document('state'),
  }
}
