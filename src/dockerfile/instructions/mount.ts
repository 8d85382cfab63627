import type { RunMount } from '../ast.ts'
import { splitCsv } from '../csv.ts'
import { Problem } from '../problem.ts'
import { withSuggestion } from '../suggest.ts'

const types = ['bind', 'cache', 'tmpfs', 'secret', 'ssh'] as const
type MountType = RunMount['type']

/** Other spellings of a key. */
const aliases: Readonly<Record<string, string>> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
  rw: 'readwrite',
}

/** The types that each key belongs to. */
const keys: Readonly<Record<string, readonly MountType[]>> = {
  target: types,
  source: types,
  from: ['bind', 'cache', 'tmpfs', 'ssh'],
  readonly: types,
  readwrite: types,
  id: types,
  sharing: ['cache'],
  mode: ['cache', 'secret', 'ssh'],
  uid: ['cache', 'secret', 'ssh'],
  gid: ['cache', 'secret', 'ssh'],
  size: ['tmpfs'],
  env: ['secret'],
  required: ['secret', 'ssh'],
}

/** Keys that are `true` without a value. */
const switches = ['readonly', 'readwrite', 'required']

/**
 * Reads the value of `RUN --mount`. Values with a `$` are not checked here.
 * `expandMount` checks them when the variables are known.
 */
export function parseMount(text: string): RunMount {
  const options: Record<string, string> = {}
  let type: MountType = 'bind'
  const fields = splitCsv(text)
  if (fields === undefined) {
    throw new Problem('invalid-mount', `unbalanced quote in mount '${text}'`)
  }
  for (const field of fields) {
    const equals = field.indexOf('=')
    const written = (equals < 0 ? field : field.slice(0, equals)).trim().toLowerCase()
    const key = Object.hasOwn(aliases, written) ? (aliases[written] ?? '') : written
    if (key !== 'type' && !Object.hasOwn(keys, key)) {
      const known = ['type', ...Object.keys(keys), ...Object.keys(aliases)]
      const message = `unexpected key '${written}' in '${field}'`
      throw new Problem('invalid-mount', withSuggestion(message, written, known))
    }
    if (equals < 0 && !switches.includes(key)) {
      throw new Problem('invalid-mount', `invalid field '${field}' must be a key=value pair`)
    }
    const value = equals < 0 ? 'true' : field.slice(equals + 1)
    if (key === 'type') {
      type = parseType(value)
    } else {
      options[key] = value
    }
  }
  const mount = { type, options }
  checkMount(mount)
  return mount
}

/** Substitutes variables in every value but `from`, and checks the result. Throws a Problem. */
export function expandMount(mount: RunMount, expand: (value: string) => string): RunMount {
  const options: Record<string, string> = {}
  for (const [key, value] of Object.entries(mount.options)) {
    options[key] = key === 'from' ? value : expand(value)
  }
  const expanded = { type: mount.type, options }
  checkMount(expanded)
  return expanded
}

function parseType(text: string): MountType {
  const found = types.find((type) => type === text.toLowerCase())
  if (found === undefined) {
    const message = `unsupported mount type ${JSON.stringify(text)}`
    throw new Problem('invalid-mount', withSuggestion(message, text, types))
  }
  return found
}

function checkMount({ type, options }: RunMount): void {
  for (const [key, value] of Object.entries(options)) {
    if (keys[key]?.includes(type) !== true) {
      const message = `unexpected key '${key}' for mount type '${type}'`
      throw new Problem('invalid-mount', message)
    }
    if (key === 'from' && /\$./.test(value)) {
      const message = "'from' doesn't support variable expansion, define alias stage instead"
      throw new Problem('invalid-mount', message)
    }
    if (!/["'\\$]/.test(value)) {
      checkValue(key, value)
    }
  }
  const { source, target, id, env } = options
  if (type === 'secret' && !source && !target && !id && !env) {
    throw new Problem('invalid-mount', 'invalid secret mount: one of id, source, target required')
  }
  if (type === 'secret' && source && id) {
    throw new Problem('invalid-mount', "both source and id can't be set for a secret mount")
  }
  if (target === undefined && type !== 'secret' && type !== 'ssh') {
    throw new Problem('invalid-mount', `${type} mount requires a target`)
  }
  if (target !== undefined && /^\/+$/.test(target)) {
    throw new Problem('invalid-mount', "invalid mount target '/'")
  }
}

const forms: Readonly<Record<string, RegExp>> = {
  readonly: /^(?:1|t|true|0|f|false)$/i,
  readwrite: /^(?:1|t|true|0|f|false)$/i,
  required: /^(?:1|t|true|0|f|false)$/i,
  mode: /^[0-7]{1,11}$/,
  uid: /^\d{1,10}$/,
  gid: /^\d{1,10}$/,
  size: /^\d{1,16}(?:\.\d{1,9})? ?(?:[kmgtp]i?b?|b)?$/i,
}

function checkValue(key: string, value: string): void {
  const sharing = ['shared', 'private', 'locked']
  if (key === 'sharing' && !sharing.includes(value.toLowerCase())) {
    const message = `unsupported sharing value ${JSON.stringify(value)}`
    throw new Problem('invalid-mount', withSuggestion(message, value, sharing))
  }
  if (forms[key]?.test(value) === false) {
    throw new Problem('invalid-mount', `invalid value for ${key}: ${value}`)
  }
}
