import { posix } from 'node:path'
import type { MountRequest } from '#container'
import { StrakeError } from '#oci'
import { isVolumeName } from '#volume'

const propagations = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'] as const

/** Reads `-v`: `[source:]destination[:options]`. Throws `INVALID`. */
export function parseVolume(text: string): MountRequest {
  const parts = text.split(':')
  if (parts.length > 3 || parts.some((part) => part === '')) {
    throw invalid(text, 'it must read source:destination or source:destination:ro')
  }
  const [first = '', second, options = ''] = parts
  if (second === undefined) return { type: 'volume', destination: destinationOf(text, first) }
  const flags = options === '' ? [] : options.split(',')
  const bind = first.startsWith('/')
  if (!bind && !isVolumeName(first)) {
    throw invalid(text, 'the source must be an absolute path or a volume name')
  }
  return {
    type: bind ? 'bind' : 'volume',
    source: bind ? posix.normalize(first) : first,
    destination: destinationOf(text, second),
    ...(bind ? { createSource: true } : {}),
    ...flagsOf(text, flags),
  }
}

/** Options of `-v` by subject; each subject allows one option. The last two subjects have no effect in strake. */
const volumeOptions: Readonly<Record<string, readonly string[]>> = {
  access: ['ro', 'rw'],
  propagation: propagations,
  copying: ['nocopy'],
  relabelling: ['z', 'Z'],
  consistency: ['delegated', 'cached', 'consistent'],
}

function flagsOf(text: string, flags: readonly string[]): Partial<MountRequest> {
  const found = new Map<string, string>()
  for (const flag of flags) {
    const subject = Object.keys(volumeOptions).find((key) => volumeOptions[key]?.includes(flag))
    if (subject === undefined) throw invalid(text, `there is no option ${flag}`)
    const earlier = found.get(subject)
    if (earlier !== undefined) throw invalid(text, `${earlier} and ${flag} exclude each other`)
    found.set(subject, flag)
  }
  const propagation = propagations.find((one) => one === found.get('propagation'))
  return {
    propagation,
    ...(found.get('access') === 'ro' ? { readOnly: true } : {}),
    ...(found.has('copying') ? { noCopy: true } : {}),
  }
}

/** Reads `--mount`: comma-separated `key=value`. Throws `INVALID`. */
export function parseMount(text: string): MountRequest {
  const fields = readFields(text)
  const type = (fields.get('type') ?? 'volume').toLowerCase()
  if (type !== 'bind' && type !== 'volume' && type !== 'tmpfs') {
    throw invalid(text, `there is no type ${type}`)
  }
  for (const key of fields.keys()) {
    if (!mountKeys[type].includes(key)) throw invalid(text, `a ${type} mount has no ${key}`)
  }
  const source = fields.get('source')
  if (type === 'bind' && !source?.startsWith('/')) {
    throw invalid(text, 'the source of a bind must be an absolute path')
  }
  if (type === 'volume' && source !== undefined && !isVolumeName(source)) {
    throw invalid(text, `${source} is no name for a volume`)
  }
  const propagation = fields.get('bind-propagation')
  const known = propagations.find((one) => one === propagation)
  if (propagation !== undefined && known === undefined) {
    throw invalid(text, `there is no propagation ${propagation}`)
  }
  const is = (key: BooleanKey): boolean => readBoolean(text, key, fields.get(key))
  return {
    type,
    destination: destinationOf(text, fields.get('destination') ?? ''),
    ...(source === undefined ? {} : { source: type === 'bind' ? posix.normalize(source) : source }),
    ...(is('readonly') ? { readOnly: true } : {}),
    propagation: known,
    ...(is('volume-nocopy') ? { noCopy: true } : {}),
    ...(is('bind-create-src') ? { createSource: true } : {}),
    ...(type === 'tmpfs' ? { options: tmpfsOptions(fields) } : {}),
  }
}

/** The fields by the long names of their keys. The last one wins when a key appears twice. */
function readFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>()
  for (const field of text.split(',')) {
    const equals = field.indexOf('=')
    const word = equals === -1 ? field : field.slice(0, equals)
    const key = aliases[word.toLowerCase()] ?? word.toLowerCase()
    const value = equals === -1 ? undefined : field.slice(equals + 1)
    if (value === undefined && !booleanKeys.some((known) => known === key)) {
      throw invalid(text, `${field === '' ? 'a field' : field} needs a value`)
    }
    if (value === '') throw invalid(text, `the value of ${word} is empty`)
    if (word.trim() !== word || value?.trim() !== value) {
      throw invalid(text, `there are blanks around a word in '${field}'`)
    }
    fields.set(key, value ?? 'true')
  }
  return fields
}

const aliases: Readonly<Record<string, string>> = {
  src: 'source',
  dst: 'destination',
  target: 'destination',
  ro: 'readonly',
}

const mountKeys: Readonly<Record<MountRequest['type'], readonly string[]>> = {
  bind: ['type', 'source', 'destination', 'readonly', 'bind-propagation', 'bind-create-src'],
  volume: ['type', 'source', 'destination', 'readonly', 'volume-nocopy'],
  tmpfs: ['type', 'destination', 'readonly', 'tmpfs-size', 'tmpfs-mode'],
}

/** Keys that mean `true` without a value. */
const booleanKeys = ['readonly', 'volume-nocopy', 'bind-create-src'] as const
type BooleanKey = (typeof booleanKeys)[number]

/** Accepts fewer words than a switch, as Docker does. An unknown word must not leave a mount writable. */
function readBoolean(text: string, key: BooleanKey, value = 'false'): boolean {
  if (value === 'true' || value === '1') return true
  if (value === 'false' || value === '0') return false
  throw invalid(text, `${key} is true, 1, false or 0, not ${value}`)
}

function tmpfsOptions(fields: ReadonlyMap<string, string>): readonly string[] {
  const [size, mode] = [fields.get('tmpfs-size'), fields.get('tmpfs-mode')]
  return [
    ...(size === undefined ? [] : [`size=${size}`]),
    ...(mode === undefined ? [] : [`mode=${mode}`]),
  ]
}

/** Reads `--tmpfs`: `destination[:options]`. Throws `INVALID`. */
export function parseTmpfs(text: string): MountRequest {
  const colon = text.indexOf(':')
  const options = colon === -1 ? [] : text.slice(colon + 1).split(',')
  return {
    type: 'tmpfs',
    destination: destinationOf(text, colon === -1 ? text : text.slice(0, colon)),
    options,
    byTmpfsFlag: true,
  }
}

function destinationOf(text: string, path: string): string {
  if (!path.startsWith('/')) throw invalid(text, 'the destination must be an absolute path')
  const destination = posix.normalize(path).replace(/(?<=.)\/$/, '')
  if (destination === '/') throw invalid(text, 'the destination cannot be /')
  return destination
}

function invalid(text: string, reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot mount ${text}: ${reason}`)
}
