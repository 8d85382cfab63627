import { parseBoolean } from '#dockerfile/boolean'
import { splitCsv } from '#dockerfile/csv'
import { HclError } from './hcl/hcl-error.ts'
import { isMap, textOf, type Value } from './hcl/value.ts'

/**
 * An entry of `cache-from`, `output`, `secret` and their kind: its fields by their names. The paths
 * of an agent are one field, with commas.
 */
export type Entry = Readonly<Record<string, string>>

/** Reads a text such as `type=local,dest=out`, or an object. Throws `HclError`. */
export function readEntries(key: string, value: Value): readonly Entry[] {
  if (isMap(value)) return [readObject(key, value)]
  const text = textOf(value)
  if (text === '') return []
  if (key === 'ssh') return [readAgent(text)]
  const fields = splitCsv(text)
  if (fields === undefined) throw new HclError(`a quote in ${text} is not closed`)
  if (key.startsWith('cache-') && !text.includes('=')) {
    return fields.map((ref) => ({ type: 'registry', ref }))
  }
  if (key === 'output' && fields.length === 1 && !text.startsWith('type=')) {
    return [{ type: text === '-' ? 'tar' : 'local', dest: text }]
  }
  const entries = fields.map((field): [string, string] => {
    const at = field.indexOf('=')
    if (at === -1) throw new HclError(`${field} in ${key} is no NAME=VALUE`)
    const name = field.slice(0, at)
    return [key === 'attest' ? name : name.toLowerCase(), field.slice(at + 1)]
  })
  return [checkEntry(key, Object.fromEntries(entries))]
}

function readObject(key: string, value: ReadonlyMap<string, Value>): Entry {
  const fields = [...value].flatMap(([name, one]): [string, string][] => {
    if (one === null) return []
    return [[name, Array.isArray(one) ? one.map((part) => textOf(part)).join(',') : textOf(one)]]
  })
  return checkEntry(key, Object.fromEntries(fields))
}

function readAgent(text: string): Entry {
  const at = text.indexOf('=')
  return at === -1 ? { id: text } : { id: text.slice(0, at), paths: text.slice(at + 1) }
}

function checkEntry(key: string, entry: Entry): Entry {
  if (key === 'secret') return readSecret(entry)
  if (key !== 'ssh' && entry['type'] === undefined)
    throw new HclError(`an entry of ${key} has no type`)
  return entry
}

function readSecret({ type, source, ...entry }: Entry): Entry {
  const src = entry['src'] ?? source
  const { src: _, ...rest } = entry
  if (type === 'env' && rest['env'] === undefined && src !== undefined) return { ...rest, env: src }
  return src === undefined ? rest : { ...rest, src }
}

/** The text of an attestation from the value of `--sbom` or `--provenance`. */
export function attestationText(type: 'sbom' | 'provenance', value: string): string {
  const isOn = parseBoolean(value)
  return isOn === undefined ? `type=${type},${value}` : `type=${type},disabled=${!isOn}`
}

/** The text of an entry for an option of `build`. */
export function entryText(key: string, entry: Entry): string {
  if (key === 'ssh') {
    const { id = '', paths } = entry
    return paths === undefined ? id : `${id}=${paths}`
  }
  if (isReference(key, entry)) return entry['ref'] ?? ''
  const { type, ...rest } = entry
  const fields = type === undefined ? rest : { type, ...rest }
  return Object.entries(fields)
    .map(([name, value]) => quote(`${name}=${value}`))
    .join(',')
}

/** A cache in a registry without options is its name. */
const isReference = (key: string, entry: Entry): boolean =>
  key.startsWith('cache-') && entry['type'] === 'registry' && Object.keys(entry).length === 2

const quote = (field: string): string =>
  /[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field

/** Returns a text that is equal for two entries of which the later one replaces the earlier one. */
export function entryKind(key: string, entry: Entry): string {
  if (key === 'secret' || key === 'ssh') return entry['id'] ?? ''
  if (key === 'attest') return entry['type'] ?? ''
  return JSON.stringify(Object.entries(entry).sort())
}

/** The entry as buildx prints it. */
export function printedEntry(key: string, entry: Entry): Readonly<Record<string, unknown>> {
  if (key === 'secret') {
    const { id, src, env } = entry
    return { ...(id && { id }), ...(src && { src }), ...(env && { env }) }
  }
  if (key === 'ssh') {
    const { id, paths } = entry
    return { ...(id && { id }), ...(paths && { paths: paths.split(',') }) }
  }
  const fields = Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(
    fields.flatMap(([name, value]): [string, unknown][] => {
      if (key !== 'attest' || name !== 'disabled') return [[name, value]]
      return value === 'true' || value === '1' ? [[name, true]] : []
    }),
  )
}
