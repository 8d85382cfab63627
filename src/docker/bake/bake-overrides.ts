import { parseBoolean } from '#dockerfile/boolean'
import { matchPattern } from '#dockerfile/ignore/glob'
import { StrakeError } from '#oci'
import { type Entry, readEntries } from './bake-entries.ts'
import { type BakeTarget, type BakeValue, listOfTexts, targetKeys, textsOf } from './bake-target.ts'
import type { Environment } from './bake-variables.ts'

/** What `--set` changes in one target, by the key and the name in it. */
export type Overrides = ReadonlyMap<string, Override>

interface Override {
  readonly key: string
  /** The name in a map, such as that of a build argument. */
  readonly name: string | undefined
  readonly values: readonly string[]
  /** Whether the values are added to those of the file. */
  readonly isAdded: boolean
}

/** Other names of keys in `--set`. */
const aliases: Readonly<Record<string, string>> = {
  annotation: 'annotations',
  arg: 'args',
  entitlement: 'entitlements',
  'extra-host': 'extra-hosts',
  label: 'labels',
  platform: 'platforms',
  secrets: 'secret',
  tag: 'tags',
  ulimit: 'ulimits',
}

/** Lists to which `--set` without `+` adds too. An empty value clears them. */
const grows = ['annotations', 'attest', 'entitlements']

/**
 * Reads `TARGET.KEY[.NAME]=VALUE`. TARGET may have `*`; `KEY+=VALUE` adds to a list. A build argument
 * without a value has that of the environment. Throws `INVALID` and `NOT_FOUND`.
 */
export function readOverrides(
  changes: readonly string[],
  targets: readonly string[],
  env: Environment,
): ReadonlyMap<string, Overrides> {
  const all = new Map<string, Map<string, Override>>()
  for (const text of changes) {
    const { pattern, key, name, value, isAdded } = readChange(text)
    const given = value ?? (name === undefined ? undefined : env[name])
    if (given === undefined) continue
    for (const target of matching(pattern, targets, text)) {
      const own = all.get(target) ?? new Map<string, Override>()
      all.set(target, own)
      const place = name === undefined ? key : `${key}.${name}`
      const before = own.get(place)
      const isList = ['list', 'entries'].includes(targetKeys[key]?.kind ?? '')
      const isCleared = isList && given === '' && !isAdded
      const values = isCleared ? [] : isList ? [...(before?.values ?? []), given] : [given]
      own.set(place, {
        key,
        name,
        values,
        isAdded: !isCleared && (isAdded || before?.isAdded === true),
      })
    }
  }
  return all
}

interface Change {
  readonly pattern: string
  readonly key: string
  readonly name: string | undefined
  readonly value: string | undefined
  readonly isAdded: boolean
}

function readChange(text: string): Change {
  const equals = text.indexOf('=')
  const left = equals === -1 ? text : text.slice(0, equals)
  const value = equals === -1 ? undefined : text.slice(equals + 1)
  const [pattern = '', typed = '', ...names] = left.replace(/\+$/, '').split('.')
  const key = Object.hasOwn(aliases, typed) ? (aliases[typed] ?? typed) : typed
  const kind = isSwitchOfOutput(key)
    ? 'switch'
    : Object.hasOwn(targetKeys, key) && targetKeys[key]?.kind
  const name = names.length === 0 ? undefined : names.join('.')
  const needsName = kind === 'map'
  const isRight = key === 'secret' || needsName === (name !== undefined)
  if (!kind || key === 'inherits' || !isRight || (value === undefined && key !== 'args')) {
    throw new StrakeError('INVALID', `Cannot use --set ${text}: expected TARGET.KEY=VALUE`, {
      remedy: 'for example --set app.tags=app:1 or --set *.args.VERSION=2',
    })
  }
  return { pattern, key, name, value, isAdded: left.endsWith('+') }
}

/** `push` and `load` change the outputs. */
const isSwitchOfOutput = (key: string): boolean => key === 'push' || key === 'load'

function matching(pattern: string, targets: readonly string[], text: string): readonly string[] {
  if (targets.includes(pattern)) return [pattern]
  const names = targets.filter((name) => matchPattern(pattern, name))
  if (names.length > 0) return names
  throw new StrakeError(
    'NOT_FOUND',
    `Cannot use --set ${text}: no target has the name ${pattern}`,
    {
      remedy: `choose ${targets.join(', ')}`,
    },
  )
}

export function hasPattern(name: string): boolean {
  return /[*?[\]]/.test(name)
}

/** Changes a target as `--set` wishes. */
export function applyOverrides(target: BakeTarget, overrides: Overrides | undefined): BakeTarget {
  let changed = target
  for (const override of overrides?.values() ?? []) changed = applyOne(changed, override)
  return changed
}

function applyOne(target: BakeTarget, { key, name, values, isAdded }: Override): BakeTarget {
  const [value = ''] = values
  const set = (next: BakeValue): BakeTarget => ({ ...target, [key]: next })
  if (key === 'push') return withPush(target, switchOf(key, value))
  if (key === 'load') return switchOf(key, value) ? withLoad(target) : target
  if (key === 'secret' && name !== undefined) return withSecret(target, name, value)
  switch (targetKeys[key]?.kind) {
    case 'map':
      return set({ ...textsOf(target, key), [name ?? '']: value })
    case 'switch':
      return set(switchOf(key, value))
    case 'text':
      return set(value)
  }
  const isKept = isAdded || (grows.includes(key) && values.length > 0)
  if (targetKeys[key]?.kind === 'list') {
    return set([...(isKept ? listOfTexts(target, key) : []), ...values])
  }
  return set([
    ...(isKept ? entriesOf(target, key) : []),
    ...values.flatMap((one) => readEntries(key, one)),
  ])
}

export function entriesOf(target: BakeTarget, key: string): readonly Entry[] {
  const list = target[key]
  if (!Array.isArray(list)) return []
  return list.filter((one: string | Entry): one is Entry => typeof one !== 'string')
}

function switchOf(key: string, value: string): boolean {
  const read = parseBoolean(value)
  if (read !== undefined) return read
  throw new StrakeError('INVALID', `Cannot set ${key} to ${value}: it is true or false`)
}

/** Gives a secret of the file another source. */
function withSecret(target: BakeTarget, id: string, text: string): BakeTarget {
  const [source = {}] = readEntries('secret', text)
  const secrets = entriesOf(target, 'secret')
  if (!secrets.some((one) => one['id'] === id)) {
    throw new StrakeError('INVALID', `Cannot set the secret ${id}: the file has no such secret`)
  }
  const changed = secrets.map((one) => (one['id'] === id ? { ...source, id } : one))
  return { ...target, secret: changed }
}

function withPush(target: BakeTarget, isPushed: boolean): BakeTarget {
  const outputs = entriesOf(target, 'output')
  if (!isPushed) {
    const kept = outputs.filter(({ type }) => type !== 'registry')
    const output = kept.map((one) => (one['type'] === 'image' ? { ...one, push: 'false' } : one))
    return { ...target, output }
  }
  const output = outputs.map((one) => (one['type'] === 'image' ? { ...one, push: 'true' } : one))
  const isOnlyDocker = outputs.every(({ type }) => type === 'docker')
  return { ...target, output: isOnlyDocker ? [...output, { type: 'image', push: 'true' }] : output }
}

function withLoad(target: BakeTarget): BakeTarget {
  const outputs = entriesOf(target, 'output')
  const isThere = outputs.some(({ type, dest }) => type === 'docker' && dest === undefined)
  const isElsewhere = outputs.some(
    ({ type = '' }) => !['docker', 'image', 'registry', 'oci'].includes(type),
  )
  if (isThere || isElsewhere) return target
  return { ...target, output: [...outputs, { type: 'docker' }] }
}
