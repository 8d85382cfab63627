import { posix } from 'node:path'
import type { MountRequest, VolumesFrom } from '#container'
import { StrakeError } from '#oci'
import { isVolumeName } from '#volume'
import { refuse } from './refuse.ts'

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

/** Options of `-v` by subject; each subject allows one option. Consistency has no meaning on Linux. */
const volumeOptions: Readonly<Record<string, readonly string[]>> = {
  access: ['ro', 'rw'],
  propagation: propagations,
  copying: ['nocopy'],
  relabelling: ['z', 'Z'],
  consistency: ['delegated', 'cached', 'consistent', 'default'],
}

function flagsOf(text: string, flags: readonly string[]): Partial<MountRequest> {
  const found = bySubject(text, flags)
  const propagation = propagations.find((one) => one === found.get('propagation'))
  const relabel = (['z', 'Z'] as const).find((one) => one === found.get('relabelling'))
  return {
    ...(propagation === undefined ? {} : { propagation }),
    ...(relabel === undefined ? {} : { relabel }),
    ...(found.get('access') === 'ro' ? { readOnly: true } : {}),
    ...(found.has('copying') ? { noCopy: true } : {}),
  }
}

function bySubject(text: string, flags: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const flag of flags) {
    const subject = Object.keys(volumeOptions).find((key) => volumeOptions[key]?.includes(flag))
    if (subject === undefined) throw invalid(text, `there is no option ${flag}`)
    const earlier = found.get(subject)
    if (earlier !== undefined) throw invalid(text, `${earlier} and ${flag} exclude each other`)
    found.set(subject, flag)
  }
  return found
}

/** Reads `--volumes-from`: `container[:ro|rw][,z|Z]`. Throws `INVALID`. */
export function parseVolumesFrom(text: string): VolumesFrom {
  const colon = text.indexOf(':')
  const container = colon === -1 ? text : text.slice(0, colon)
  if (container === '') throw refuse('--volumes-from', text, 'expected CONTAINER or CONTAINER:ro')
  const found = bySubject(text, colon === -1 ? [] : text.slice(colon + 1).split(','))
  for (const subject of found.keys()) {
    if (subject === 'access' || subject === 'relabelling') continue
    throw refuse('--volumes-from', text, 'expected ro, rw, z or Z after the colon')
  }
  return { container, readOnly: found.get('access') === 'ro', text }
}

/** Reads `--mount`: comma-separated `key=value`, with quotes as in CSV. Throws `INVALID`. */
export function parseMount(text: string): MountRequest {
  const fields = readFields(text)
  const type = (fields.get('type') ?? 'volume').toLowerCase()
  if (!isMountType(type)) throw invalid(text, `there is no type ${type}`)
  for (const key of fields.keys()) {
    const known = commonKeys.includes(key) || mountKeys[type].includes(key)
    if (!known) throw invalid(text, `a ${type} mount has no ${key}`)
  }
  const is = (key: BooleanKey): boolean => readBoolean(text, key, fields.get(key))
  return {
    type,
    destination: destinationOf(text, fields.get('destination') ?? ''),
    ...sourceOf(text, type, fields.get('source')),
    ...(is('readonly') ? { readOnly: true } : {}),
    ...(type === 'bind' ? bindFields(text, fields, is('readonly')) : {}),
    ...(is('bind-create-src') ? { createSource: true } : {}),
    ...(type === 'volume' ? volumeFields(text, fields) : {}),
    ...(is('volume-nocopy') ? { noCopy: true } : {}),
    ...(type === 'image' ? { subpath: subpathOf(text, fields.get('image-subpath')) } : {}),
    ...(type === 'tmpfs' ? { options: tmpfsOptions(text, fields) } : {}),
    byMountFlag: true,
  }
}

type MountType = MountRequest['type']

function isMountType(type: string): type is MountType {
  return Object.hasOwn(mountKeys, type)
}

function sourceOf(
  text: string,
  type: MountType,
  source: string | undefined,
): Pick<MountRequest, 'source'> {
  if (type === 'bind' && !source?.startsWith('/')) {
    throw invalid(text, 'the source of a bind must be an absolute path')
  }
  if (type === 'image' && source === undefined) throw invalid(text, 'it names no image')
  if (source === undefined) return {}
  if (type === 'volume' && !isVolumeName(source)) {
    throw invalid(text, `${source} is no name for a volume`)
  }
  return { source: type === 'bind' ? posix.normalize(source) : source }
}

function bindFields(
  text: string,
  fields: Fields,
  isReadOnly: boolean,
): Pick<MountRequest, 'propagation' | 'recursion'> {
  const asked = fields.get('bind-propagation')
  const propagation = propagations.find((one) => one === asked?.toLowerCase())
  if (asked !== undefined && propagation === undefined) {
    throw invalid(text, `there is no propagation ${asked}`)
  }
  const word = fields.get('bind-recursive') ?? 'enabled'
  const recursion = (['disabled', 'writable', 'readonly'] as const).find((one) => one === word)
  if (recursion === undefined && word !== 'enabled') {
    throw invalid(text, 'bind-recursive is enabled, disabled, writable or readonly')
  }
  if ((recursion === 'writable' || recursion === 'readonly') && !isReadOnly) {
    throw invalid(text, `bind-recursive=${recursion} needs readonly`)
  }
  if (recursion === 'readonly' && propagation !== 'rprivate') {
    throw invalid(text, 'bind-recursive=readonly needs bind-propagation=rprivate')
  }
  return { ...(propagation === undefined ? {} : { propagation }), recursion }
}

function volumeFields(
  text: string,
  fields: Fields,
): Pick<MountRequest, 'subpath' | 'labels' | 'driverOptions'> {
  const driver = fields.get('volume-driver') ?? 'local'
  if (driver !== 'local') throw invalid(text, `there is no volume driver ${driver}, only local`)
  return {
    subpath: subpathOf(text, fields.get('volume-subpath')),
    labels: pairs(fields.all('volume-label')),
    driverOptions: pairs(fields.all('volume-opt')),
  }
}

function pairs(texts: readonly string[]): Readonly<Record<string, string>> | undefined {
  if (texts.length === 0) return undefined
  const parsed = texts.map((text) => {
    const equals = text.indexOf('=')
    return equals === -1
      ? ([text, ''] as const)
      : ([text.slice(0, equals), text.slice(equals + 1)] as const)
  })
  return Object.fromEntries(parsed.filter(([key]) => key !== ''))
}

function subpathOf(text: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  const clean = posix.normalize(path)
  if (path.startsWith('/') || clean === '..' || clean.startsWith('../')) {
    throw invalid(text, `the subpath ${path} is not below the source`)
  }
  return clean
}

interface Fields {
  keys(): Iterable<string>
  /** The last value, because the last one wins when a key appears twice. */
  get(key: string): string | undefined
  all(key: string): readonly string[]
}

/** The fields by the long names of their keys. */
function readFields(text: string): Fields {
  const fields = new Map<string, string[]>()
  for (const field of splitFields(text)) {
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
    fields.set(key, [...(fields.get(key) ?? []), value ?? 'true'])
  }
  return {
    keys: () => fields.keys(),
    get: (key) => fields.get(key)?.at(-1),
    all: (key) => fields.get(key) ?? [],
  }
}

/** Splits at commas. A field in double quotes may contain commas, and `""` for a quote. */
function splitFields(text: string): readonly string[] {
  const fields = [...`${text},`.matchAll(/"((?:[^"]|"")*)",|([^",]*),/gy)]
  const length = fields.reduce((sum, [whole]) => sum + whole.length, 0)
  if (length !== text.length + 1) throw invalid(text, 'a quote is in the wrong place')
  return fields.map(([, quoted, plain = '']) => quoted?.replaceAll('""', '"') ?? plain)
}

const aliases: Readonly<Record<string, string>> = {
  src: 'source',
  dst: 'destination',
  target: 'destination',
  ro: 'readonly',
}

/** Consistency has no meaning on Linux, as in Docker. */
const commonKeys: readonly string[] = ['type', 'destination', 'readonly', 'consistency']

const mountKeys: Readonly<Record<MountType, readonly string[]>> = {
  bind: ['source', 'bind-propagation', 'bind-recursive', 'bind-create-src'],
  volume: [
    'source',
    'volume-nocopy',
    'volume-subpath',
    'volume-driver',
    'volume-opt',
    'volume-label',
  ],
  tmpfs: ['tmpfs-size', 'tmpfs-mode'],
  image: ['source', 'image-subpath'],
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

function tmpfsOptions(text: string, fields: Fields): readonly string[] {
  const [size, mode] = [fields.get('tmpfs-size'), fields.get('tmpfs-mode')]
  if (mode !== undefined && !/^[0-7]{1,4}$/.test(mode)) {
    throw invalid(text, `the mode ${mode} is not octal`)
  }
  return [
    ...(size === undefined ? [] : [`size=${bytesOf(text, size)}`]),
    ...(mode === undefined ? [] : [`mode=${mode}`]),
  ]
}

/** Reads a size such as `64m`, `1.5g`, `100kb` or `1GiB`. All units are powers of 1024, as in Docker. */
function bytesOf(text: string, size: string): number {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(size) ?? []
  if (digits === '') throw invalid(text, `the size ${size} is not a number of bytes`)
  const exponent = 'kmgtp'.indexOf(unit.toLowerCase() || '-') + 1
  return Math.floor(Number(digits) * 1024 ** exponent)
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
