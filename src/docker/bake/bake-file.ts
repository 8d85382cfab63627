import { StrakeError } from '#oci'

/** A value of a target: a text, a switch, a list, or texts by names. */
export type BakeValue =
  | string
  | boolean
  | readonly string[]
  | Readonly<Record<string, string | null>>

/** What to build, by the names of buildx: `{ context: '.', tags: ['app'] }`. */
export type BakeTarget = Readonly<Record<string, BakeValue>>

/** The targets and groups of one or several files. */
export interface BakeFile {
  readonly targets: Readonly<Record<string, BakeTarget>>
  readonly groups: Readonly<Record<string, readonly string[]>>
}

/** The kinds of values that a target may have. Others are refused by name. */
export const targetKeys: Readonly<Record<string, 'text' | 'switch' | 'list' | 'map'>> = {
  annotations: 'list',
  args: 'map',
  attest: 'list',
  'cache-from': 'list',
  'cache-to': 'list',
  call: 'text',
  context: 'text',
  contexts: 'map',
  description: 'text',
  dockerfile: 'text',
  'dockerfile-inline': 'text',
  entitlements: 'list',
  'extra-hosts': 'map',
  inherits: 'list',
  labels: 'map',
  network: 'text',
  'no-cache': 'switch',
  'no-cache-filter': 'list',
  output: 'list',
  platforms: 'list',
  pull: 'switch',
  secret: 'list',
  'shm-size': 'text',
  ssh: 'list',
  tags: 'list',
  target: 'text',
  ulimits: 'list',
}

type Fields = Readonly<Record<string, unknown>>

/** Reads the JSON form of a bake file, whose variables are replaced already. Throws `INVALID`. */
export function readBakeDocument(document: unknown, file: string): BakeFile {
  const { target, group, variable: _, ...others } = asFields(document, file, 'the file')
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw refuse(file, `it has ${unknown}, which strake does not know`)
  const targets = Object.entries(asFields(target ?? {}, file, 'target')).map(
    ([name, value]) => [name, readTarget(asFields(value, file, name), name, file)] as const,
  )
  const groups = Object.entries(asFields(group ?? {}, file, 'group')).map(([name, value]) => {
    const { targets: members = [] } = asFields(value, file, name)
    return [name, listOf(members, `the group ${name}`, file)] as const
  })
  return { targets: Object.fromEntries(targets), groups: Object.fromEntries(groups) }
}

export function readTarget(fields: Fields, name: string, file: string): BakeTarget {
  const entries = Object.entries(fields).flatMap(([key, value]): [string, BakeValue][] => {
    const kind = Object.hasOwn(targetKeys, key) ? targetKeys[key] : undefined
    if (kind === undefined) {
      throw refuse(file, `the target ${name} has ${key}, which strake does not know`)
    }
    if (value === null) return []
    const what = `${key} of the target ${name}`
    if (kind === 'list') return [[key, listOf(value, what, file)]]
    if (kind === 'map') return [[key, mapOf(value, what, file)]]
    if (kind === 'switch' && typeof value === 'boolean') return [[key, value]]
    if (kind === 'text' && isScalar(value)) return [[key, String(value)]]
    throw refuse(file, `${what} has another type`)
  })
  return Object.fromEntries(entries)
}

/** An object in a list, such as `{"type":"local","dest":"out"}`, is the text `type=local,dest=out`. */
function listOf(value: unknown, what: string, file: string): readonly string[] {
  if (typeof value === 'string') return [value]
  if (!Array.isArray(value)) throw refuse(file, `${what} is no list`)
  return value.map((one) => {
    if (isScalar(one)) return String(one)
    return Object.entries(asFields(one, file, what))
      .map(([key, part]) => `${key}=${String(part)}`)
      .join(',')
  })
}

function mapOf(
  value: unknown,
  what: string,
  file: string,
): Readonly<Record<string, string | null>> {
  const entries = Object.entries(asFields(value, file, what)).map(([key, one]) => {
    if (one !== null && !isScalar(one)) throw refuse(file, `${key} in ${what} is no text`)
    return [key, one === null ? null : String(one)] as const
  })
  return Object.fromEntries(entries)
}

const isScalar = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value)

export function asFields(value: unknown, file: string, what: string): Fields {
  // JSON of HCL may wrap a block in a list of one.
  const plain = Array.isArray(value) && value.length === 1 ? value[0] : value
  if (typeof plain === 'object' && plain !== null && !Array.isArray(plain)) return plain as Fields
  throw refuse(file, `${what} is no object`)
}

export function refuse(file: string, reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot bake from ${file}: ${reason}`)
}

/** Adds a later file: maps are joined, other values replaced. */
export function mergeFiles(first: BakeFile, second: BakeFile): BakeFile {
  const targets = { ...first.targets }
  for (const [name, target] of Object.entries(second.targets)) {
    targets[name] = mergeTargets(targets[name] ?? {}, target)
  }
  return { targets, groups: { ...first.groups, ...second.groups } }
}

export function mergeTargets(first: BakeTarget, second: BakeTarget): BakeTarget {
  const merged: Record<string, BakeValue> = { ...first }
  for (const [key, value] of Object.entries(second)) {
    const before = merged[key]
    merged[key] = isMap(before) && isMap(value) ? { ...before, ...value } : value
  }
  return merged
}

export function isMap(
  value: BakeValue | undefined,
): value is Readonly<Record<string, string | null>> {
  return typeof value === 'object' && !Array.isArray(value)
}
