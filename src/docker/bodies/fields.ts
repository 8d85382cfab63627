import { StrakeError } from '#oci'

/** A JSON object from a client. Its members may have any value. */
export type Fields = Readonly<Record<string, unknown>>

type Kinds = { string: string; number: number; boolean: boolean }

/** The names of Go's types, which errors of Docker have. */
const goTypes = { string: 'string', number: 'int64', boolean: 'bool' } as const

/**
 * Reads a member of an object. Absent members and `null` are `undefined`. Throws 400 for a value of
 * another type. Names of members match without case, as in Go.
 */
export function member<Kind extends keyof Kinds>(
  fields: Fields,
  name: string,
  kind: Kind,
): Kinds[Kind] | undefined {
  const value = lookUp(fields, name)
  if (value === undefined || value === null) return undefined
  if (typeof value !== kind) throw wrongType(name, value, goTypes[kind])
  if (typeof value === 'number') return toWhole(name, value) as Kinds[Kind]
  return value as Kinds[Kind]
}

/**
 * A number of 64 bits. Beyond 2^53 it is only known roughly, and larger than anything that a
 * machine has: it becomes the largest exact one.
 */
function toWhole(name: string, value: number): number {
  if (!Number.isInteger(value) || Math.abs(value) > 2 ** 63) throw wrongType(name, value, 'int64')
  const most = Number.MAX_SAFE_INTEGER
  return Math.max(-most, Math.min(most, value))
}

/** Reads a list of texts. As in Go, `null` is an empty one. */
export function texts(fields: Fields, name: string): readonly string[] | undefined {
  return list(fields, name)?.map((value) => {
    if (value === null) return ''
    if (typeof value === 'string') return value
    throw wrongType(name, value, 'string')
  })
}

/** Reads a list of lists of texts. */
export function textLists(fields: Fields, name: string): readonly (readonly string[])[] {
  return (list(fields, name) ?? []).map((value) => texts({ [name]: value }, name) ?? [])
}

/** Reads a list of objects. */
export function objects(fields: Fields, name: string): readonly Fields[] | undefined {
  return list(fields, name)?.map((value) => asObject(name, value))
}

/** Reads an object. */
export function object(fields: Fields, name: string): Fields | undefined {
  const value = lookUp(fields, name)
  return value === undefined || value === null ? undefined : asObject(name, value)
}

/** Reads an object whose values are texts. As in Go, `null` is an empty one. */
export function textMap(
  fields: Fields,
  name: string,
): Readonly<Record<string, string>> | undefined {
  const found = object(fields, name)
  if (found === undefined) return undefined
  const entries = Object.entries(found).map(([key, value]) => {
    if (value !== null && typeof value !== 'string') throw wrongType(name, value, 'string')
    return [key, value ?? ''] as const
  })
  return Object.fromEntries(entries)
}

function list(fields: Fields, name: string): readonly unknown[] | undefined {
  const value = lookUp(fields, name)
  if (value === undefined || value === null) return undefined
  if (Array.isArray(value)) return value
  throw wrongType(name, value, 'array')
}

function asObject(name: string, value: unknown): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  throw wrongType(name, value, 'object')
}

function lookUp(fields: Fields, name: string): unknown {
  if (Object.hasOwn(fields, name)) return fields[name]
  const wanted = name.toLowerCase()
  const key = Object.keys(fields).find((one) => one.toLowerCase() === wanted)
  return key === undefined ? undefined : fields[key]
}

function wrongType(name: string, value: unknown, expected: string): StrakeError {
  const kind = typeof value
  const got = Array.isArray(value) ? 'array' : kind === 'boolean' ? 'bool' : kind
  return new StrakeError(
    'INVALID',
    `invalid JSON: json: cannot unmarshal ${got} into Go struct field ${name} of type ${expected}`,
  )
}
