import type { Annotations } from './annotations.ts'
import { type Digest, isDigest } from './digest.ts'
import { type ErrorCode, StrakeError } from './error.ts'

/**
 * Typed access to one object of a parsed document. `null` counts as absent, because Go writes it
 * for every empty slice and map. Throws for a wrong type, and for a name that differs from a known
 * one only by case: Go's decoder would read it as the known name, and so would see another
 * document.
 */
export class Fields {
  readonly #members: Readonly<Record<string, unknown>>
  readonly #document: Document
  readonly #path: string

  constructor(value: unknown, known: readonly string[], document: Document, path = '') {
    this.#document = document
    this.#path = path
    if (!isObject(value)) throw this.fail(`${path || 'it'} is not an object`)
    this.#members = value
    const folded = new Map(known.map((name) => [fold(name), name]))
    for (const name of Object.keys(value)) {
      const meant = folded.get(fold(name))
      if (meant !== undefined && meant !== name) {
        throw this.fail(`${this.#at(name)} differs from ${meant} only by case`)
      }
    }
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#members, name)
  }

  get(name: string): unknown {
    return Object.hasOwn(this.#members, name) ? (this.#members[name] ?? undefined) : undefined
  }

  string(name: string): string | undefined {
    const value = this.get(name)
    if (value === undefined || typeof value === 'string') return value
    throw this.#wrong(name, 'a string')
  }

  boolean(name: string): boolean | undefined {
    const value = this.get(name)
    if (value === undefined || typeof value === 'boolean') return value
    throw this.#wrong(name, 'true or false')
  }

  integer(name: string): number | undefined {
    const value = this.get(name)
    if (value === undefined || (typeof value === 'number' && Number.isSafeInteger(value))) {
      return value
    }
    throw this.#wrong(name, 'an integer')
  }

  digest(name: string): Digest | undefined {
    const value = this.string(name)
    if (value === undefined || isDigest(value)) return value
    throw this.#wrong(name, 'a sha256, sha384 or sha512 digest')
  }

  strings(name: string): string[] | undefined {
    return this.items(name, (item, path) => {
      if (typeof item === 'string') return item
      throw this.fail(`${path} is not a string`)
    })
  }

  digests(name: string): Digest[] | undefined {
    return this.items(name, (item, path) => {
      if (typeof item === 'string' && isDigest(item)) return item
      throw this.fail(`${path} is not a sha256, sha384 or sha512 digest`)
    })
  }

  /**
   * Reads every item of an array with `read`, which is called with the item and its path for
   * messages.
   */
  items<T>(name: string, read: (item: unknown, path: string) => T): T[] | undefined {
    const value = this.get(name)
    if (value === undefined) return undefined
    if (!Array.isArray(value)) throw this.#wrong(name, 'an array')
    return value.map((item, index) => read(item, `${this.#at(name)}[${index}]`))
  }

  stringMap(name: string): Annotations | undefined {
    const value = this.get(name)
    if (value === undefined) return undefined
    if (!isObject(value)) throw this.#wrong(name, 'an object')
    return Object.fromEntries(
      Object.entries(value).map(([key, text]) => {
        if (typeof text === 'string') return [key, text]
        throw this.fail(`${this.#at(name)}[${JSON.stringify(key)}] is not a string`)
      }),
    )
  }

  /** A set in Go's encoding: an object whose values have no meaning. */
  set(name: string): Readonly<Record<string, Record<string, never>>> | undefined {
    const value = this.get(name)
    if (value === undefined) return undefined
    if (!isObject(value)) throw this.#wrong(name, 'an object')
    return Object.fromEntries(Object.keys(value).map((key) => [key, {}]))
  }

  object(name: string, known: readonly string[]): Fields | undefined {
    const value = this.get(name)
    return value === undefined
      ? undefined
      : new Fields(value, known, this.#document, this.#at(name))
  }

  /** Returns `value`, or throws an error that names the missing field. */
  required<T>(name: string, value: T | undefined): T {
    if (value !== undefined) return value
    throw this.fail(`${this.#at(name)} is missing`)
  }

  fail(reason: string): StrakeError {
    const { what, code } = this.#document
    return new StrakeError(code, `Cannot read ${what}: ${reason}`)
  }

  #wrong(name: string, kind: string): StrakeError {
    return this.fail(`${this.#at(name)} is not ${kind}`)
  }

  #at(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`
  }
}

/** The name of the document, and the code of its errors. */
export interface Document {
  readonly what: string
  readonly code: ErrorCode
}

/** `{ [name]: value }`, or nothing when there is no value: absent fields stay absent. */
export function optional<Name extends string, T>(
  name: Name,
  value: T | undefined,
): { readonly [key in Name]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { [key in Name]: T })
}

/** Unicode's simple case folding, limited to characters that fold to ASCII. */
function fold(name: string): string {
  return name.replaceAll('\u017F', 's').toLowerCase()
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
