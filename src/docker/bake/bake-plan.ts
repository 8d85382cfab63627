import { StrakeError } from '#oci'
import {
  type BakeFile,
  type BakeTarget,
  type BakeValue,
  isMap,
  mergeTargets,
  targetKeys,
} from './bake-file.ts'

/** A target to build, with everything that it inherits. */
export interface PlannedTarget {
  readonly name: string
  readonly target: BakeTarget
}

export interface BakeChoice {
  /** Names of targets and groups; none means `default`. */
  readonly names: readonly string[]
  /** Values of `--set`: `TARGET.KEY[.NAME]=VALUE`. */
  readonly changes: readonly string[]
}

/** Returns the chosen targets, each once. Throws `NOT_FOUND` and `INVALID`. */
export function planBake(file: BakeFile, { names, changes }: BakeChoice): readonly PlannedTarget[] {
  const chosen = new Set<string>()
  const choose = (name: string, path: readonly string[]): void => {
    if (path.includes(name)) throw new StrakeError('INVALID', `Cannot bake ${name}: it has itself`)
    const members = Object.hasOwn(file.groups, name) ? file.groups[name] : undefined
    if (members !== undefined) {
      for (const member of members) choose(member, [...path, name])
    } else if (Object.hasOwn(file.targets, name)) chosen.add(name)
    else throw unknownTarget(name, file)
  }
  for (const name of names.length === 0 ? ['default'] : names) choose(name, [])
  const read = changes.map(readChange)
  return [...chosen].map((name) => {
    const own = inherited(file, name, [])
    return { name, target: read.reduce((target, change) => apply(target, name, change), own) }
  })
}

function unknownTarget(name: string, { targets, groups }: BakeFile): StrakeError {
  const known = [...new Set([...Object.keys(groups), ...Object.keys(targets)])]
  return new StrakeError('NOT_FOUND', `Cannot bake ${name}: there is no such target or group`, {
    remedy: `choose ${known.join(', ')}`,
  })
}

function inherited(file: BakeFile, name: string, path: readonly string[]): BakeTarget {
  const own = file.targets[name]
  if (own === undefined) throw unknownTarget(name, file)
  if (path.includes(name)) {
    throw new StrakeError('INVALID', `Cannot bake ${name}: it inherits from itself`)
  }
  const { inherits = [], ...rest } = own
  const parents = (Array.isArray(inherits) ? inherits : []) as readonly string[]
  const base = parents.reduce<BakeTarget>(
    (sum, parent) => mergeTargets(sum, inherited(file, parent, [...path, name])),
    {},
  )
  return mergeTargets(base, rest)
}

interface Change {
  readonly pattern: RegExp
  readonly key: string
  readonly name: string | undefined
  readonly value: string
  readonly isFirst: boolean
}

/** Other names of keys in `--set`. */
const aliases: Readonly<Record<string, string>> = { platform: 'platforms', secrets: 'secret' }

function readChange(text: string, index: number, all: readonly string[]): Change {
  const [, place = '', pattern = '', typed = '', name, value = ''] =
    /^(([^.=]+)\.([^.=]+)(?:\.([^=]+))?)=(.*)$/s.exec(text) ?? []
  const key = aliases[typed] ?? typed
  const kind = Object.hasOwn(targetKeys, key) ? targetKeys[key] : undefined
  if (kind === undefined || (kind === 'map') !== (name !== undefined)) {
    throw new StrakeError('INVALID', `Cannot use --set ${text}: expected TARGET.KEY=VALUE`, {
      remedy: 'for example --set app.tags=app:1 or --set *.args.VERSION=2',
    })
  }
  const escaped = pattern.replaceAll(/[^\w*]/g, '\\$&').replaceAll('*', '.*')
  const isFirst = all.findIndex((one) => one.startsWith(`${place}=`)) === index
  return { pattern: new RegExp(`^${escaped}$`), key, name, value, isFirst }
}

/** The first value for a list replaces it, and further ones are added. */
function apply(target: BakeTarget, name: string, change: Change): BakeTarget {
  const { pattern, key, name: entry, value, isFirst } = change
  if (!pattern.test(name)) return target
  const before = target[key]
  const kind = targetKeys[key]
  const set = (next: BakeValue): BakeTarget => ({ ...target, [key]: next })
  if (kind === 'map') return set({ ...(isMap(before) ? before : {}), [entry ?? '']: value })
  if (kind === 'switch') return set(value !== 'false' && value !== '0')
  if (kind === 'text') return set(value)
  return set(isFirst || !Array.isArray(before) ? [value] : [...before, value])
}
