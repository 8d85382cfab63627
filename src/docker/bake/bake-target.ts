import { StrakeError } from '#oci'
import { type Entry, entryKind, entryText, readEntries } from './bake-entries.ts'
import { HclError } from './hcl/hcl-error.ts'
import { boolOf, isMap, listOf, textOf, type Value } from './hcl/value.ts'

/** A value of a target: a text, a switch, texts, texts by names, or entries of a list. */
export type BakeValue =
  | string
  | boolean
  | readonly string[]
  | readonly Entry[]
  | Readonly<Record<string, string | null>>

/** What to build, by the names of buildx: `{ context: '.', tags: ['app'] }`. */
export type BakeTarget = Readonly<Record<string, BakeValue>>

/** The kind of a value, and whether a later list is added to an earlier one. */
interface Key {
  readonly kind: 'text' | 'switch' | 'list' | 'map' | 'entries'
  readonly isAdded?: true
}

/** The keys of a target, in the order in which buildx prints them. Others are refused by name. */
export const targetKeys: Readonly<Record<string, Key>> = {
  description: { kind: 'text' },
  inherits: { kind: 'list', isAdded: true },
  annotations: { kind: 'list', isAdded: true },
  attest: { kind: 'entries', isAdded: true },
  context: { kind: 'text' },
  contexts: { kind: 'map' },
  dockerfile: { kind: 'text' },
  'dockerfile-inline': { kind: 'text' },
  args: { kind: 'map' },
  labels: { kind: 'map' },
  tags: { kind: 'list' },
  'cache-from': { kind: 'entries', isAdded: true },
  'cache-to': { kind: 'entries' },
  target: { kind: 'text' },
  secret: { kind: 'entries', isAdded: true },
  ssh: { kind: 'entries', isAdded: true },
  platforms: { kind: 'list' },
  output: { kind: 'entries' },
  pull: { kind: 'switch' },
  'no-cache': { kind: 'switch' },
  network: { kind: 'text' },
  'no-cache-filter': { kind: 'list', isAdded: true },
  'shm-size': { kind: 'text' },
  ulimits: { kind: 'list', isAdded: true },
  call: { kind: 'text' },
  entitlements: { kind: 'list', isAdded: true },
  'extra-hosts': { kind: 'map' },
}

/** Reads one value of a target; `undefined` for null. Throws `HclError`. */
export function readTargetValue(key: string, value: Value): BakeValue | undefined {
  if (value === null) return undefined
  switch (targetKeys[key]?.kind) {
    case undefined:
      throw new HclError(`a target has no ${key} that strake knows`)
    case 'text':
      return textOf(value)
    case 'switch':
      return boolOf(value)
    case 'list':
      return listOf(value).map((one) => textOf(one))
    case 'entries':
      return listOf(value).flatMap((one) => readEntries(key, one))
    case 'map': {
      if (!isMap(value)) throw new HclError(`${key} is no object`)
      const entries = [...value].map(([name, one]) => [name, one === null ? null : textOf(one)])
      return Object.fromEntries(entries)
    }
  }
}

/**
 * Adds what a later file or an inheriting target says. A name whose value is null there keeps its
 * earlier value.
 */
export function mergeTargets(first: BakeTarget, second: BakeTarget): BakeTarget {
  const merged: Record<string, BakeValue> = { ...first }
  for (const [key, value] of Object.entries(second)) {
    const before = merged[key]
    if (isTexts(value)) {
      const given = Object.entries(value).filter(([, one]) => one !== null)
      merged[key] = { ...(isTexts(before) ? before : {}), ...Object.fromEntries(given) }
    } else if (targetKeys[key]?.isAdded && Array.isArray(before) && Array.isArray(value)) {
      merged[key] = once(key, [...before, ...value])
    } else merged[key] = value
  }
  return merged
}

/** Takes out what is there twice, and what is empty. */
export function normalize(target: BakeTarget): BakeTarget {
  const entries = Object.entries(target).map(([key, value]): [string, BakeValue] => {
    if (Array.isArray(value)) return [key, once(key, value)]
    if (key !== 'contexts' || !isTexts(value)) return [key, value]
    return [key, Object.fromEntries(Object.entries(value).filter(([, one]) => one !== ''))]
  })
  const plain: Record<string, BakeValue> = Object.fromEntries(entries)
  if (plain['network'] === 'host') {
    plain['entitlements'] = once('entitlements', [
      ...listOfTexts(plain, 'entitlements'),
      'network.host',
    ])
  }
  return plain
}

/** Returns each text once. Of entries with the same ID or type it returns the last one. */
function once(
  key: string,
  list: readonly (string | Entry)[],
): readonly string[] | readonly Entry[] {
  if (targetKeys[key]?.kind !== 'entries') {
    return [...new Set(list.map(String))].filter((one) => one !== '')
  }
  const last = new Map<string, Entry>()
  for (const entry of list) {
    if (typeof entry !== 'string') last.set(entryKind(key, entry), entry)
  }
  return [...last.values()]
}

export function isTexts(
  value: BakeValue | undefined,
): value is Readonly<Record<string, string | null>> {
  return typeof value === 'object' && !Array.isArray(value)
}

export function textsOf(target: BakeTarget, key: string): Readonly<Record<string, string | null>> {
  const value = target[key]
  return isTexts(value) ? value : {}
}

/** A list as the texts that options of `build` take. */
export function listOfTexts(target: BakeTarget, key: string): readonly string[] {
  const list = target[key]
  if (!Array.isArray(list)) return []
  return list.map((one: string | Entry) => (typeof one === 'string' ? one : entryText(key, one)))
}

/** `web.front` of a Compose file is the target `web_front`. */
export const targetName = (name: string): string => name.replaceAll('.', '_')

export function requireTargetName(name: string): string {
  if (/^[\w-]+$/.test(name)) return name
  throw new HclError(`the name ${JSON.stringify(name)} has other characters than A-Z a-z 0-9 _ -`)
}

export function refuse(file: string, reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot bake from ${file}: ${reason}`)
}
