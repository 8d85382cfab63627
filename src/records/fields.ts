import { type Digest, isDigest, StrakeError } from '#oci'
import type { SqlRow } from '#platform'

/**
 * Reads typed values from a row. Checks what the schema cannot guarantee: that a text is a digest,
 * or a document is JSON. A wrong value throws `INTERNAL` with the name of the record.
 */
export class Fields {
  readonly #what: string
  readonly #row: SqlRow

  constructor(what: string, row: SqlRow) {
    this.#what = what
    this.#row = row
  }

  text(column: string): string {
    const value = this.#row[column]
    return typeof value === 'string' ? value : this.#damaged(column)
  }

  number(column: string): number {
    const value = this.#row[column]
    return typeof value === 'number' ? value : this.#damaged(column)
  }

  bytes(column: string): Uint8Array {
    const value = this.#row[column]
    return value instanceof Uint8Array ? value : this.#damaged(column)
  }

  /** Returns `null` for SQL's NULL, and the result of `read` otherwise. */
  nullable<T>(column: string, read: (column: string) => T): T | null {
    return this.#row[column] === null ? null : read(column)
  }

  digest(column: string): Digest {
    const value = this.text(column)
    return isDigest(value) ? value : this.#damaged(column)
  }

  json(column: string): unknown {
    try {
      return JSON.parse(this.text(column))
    } catch (error) {
      return this.#damaged(column, error)
    }
  }

  /** A JSON object, not an array. */
  document(column: string): JsonDocument {
    const value = this.json(column)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return this.#damaged(column)
    }
    return value as JsonDocument
  }

  /** A JSON object whose members are text. */
  texts(column: string): Readonly<Record<string, string>> {
    const entries = Object.entries(this.document(column)).filter(
      (pair): pair is [string, string] => typeof pair[1] === 'string',
    )
    return Object.fromEntries(entries)
  }

  #damaged(column: string, cause?: unknown): never {
    throw new StrakeError('INTERNAL', `Cannot read ${this.#what}: its ${column} is damaged`, {
      cause,
      remedy: 'run strake system check --repair',
    })
  }
}

/** A JSON object whose members its owner must check. */
export type JsonDocument = Readonly<Record<string, unknown>>

/** Called for each row that a list leaves out because it is damaged. */
export type ReportDamage = (error: StrakeError, row: SqlRow) => void

/** Reads many rows. A damaged row is reported and left out; it does not end the list. */
export function readRows<T>(
  rows: readonly SqlRow[],
  read: (row: SqlRow) => T,
  report: ReportDamage,
): T[] {
  const records: T[] = []
  for (const row of rows) {
    try {
      records.push(read(row))
    } catch (error) {
      if (!(error instanceof StrakeError)) throw error
      report(error, row)
    }
  }
  return records
}
