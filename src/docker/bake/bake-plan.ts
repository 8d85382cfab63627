import { posix } from 'node:path'
import { matchPattern } from '#dockerfile/ignore/glob'
import { StrakeError } from '#oci'
import type { BakeFile, BakeGroup } from './bake-file.ts'
import { applyOverrides, hasPattern, type Overrides, readOverrides } from './bake-overrides.ts'
import {
  type BakeTarget,
  isTexts,
  listOfTexts,
  mergeTargets,
  normalize,
  targetName,
} from './bake-target.ts'
import type { Environment } from './bake-variables.ts'

/** A target to build, with everything that it inherits. */
export interface PlannedTarget {
  readonly name: string
  readonly target: BakeTarget
  /** Whether it is built only because another target uses it. */
  readonly isLinked: boolean
}

export interface BakePlan {
  /** Those that others use come first. */
  readonly targets: readonly PlannedTarget[]
  readonly groups: Readonly<Record<string, BakeGroup>>
}

export interface BakeChoice {
  /** Names of targets and groups, and patterns of them; none means `default`. */
  readonly names: readonly string[]
  /** Values of `--set`. */
  readonly changes: readonly string[]
  readonly env: Environment
}

/** Returns the chosen targets, each once, and the groups of them. Throws `NOT_FOUND` and `INVALID`. */
export function planBake(file: BakeFile, { names, changes, env }: BakeChoice): BakePlan {
  const overrides = readOverrides(changes, Object.keys(file.targets), env)
  const wanted = names.length === 0 ? ['default'] : names.map(targetName)
  const chosen = [...new Set(wanted.flatMap((name) => matchingNames(file, name)))]
  const targets = new Map<string, PlannedTarget>()
  const groups: Record<string, BakeGroup> = {}
  for (const name of chosen) {
    const found = membersOf(file, name)
    for (const group of found.groups) groups[group] = file.groups[group] ?? { targets: [] }
    for (const member of found.targets) {
      targets.set(member, {
        name: member,
        target: resolve(file, member, overrides),
        isLinked: false,
      })
    }
  }
  const isDefault = chosen.includes('default') && groups['default'] !== undefined
  const direct = isDefault ? chosen.filter((name) => name !== 'default') : chosen
  const members = [...(groups['default']?.targets ?? []), ...direct]
  groups['default'] = { ...groups['default'], targets: [...new Set(members)].sort() }
  return { targets: withLinks(file, targets, overrides), groups }
}

function matchingNames(file: BakeFile, pattern: string): readonly string[] {
  if (!hasPattern(pattern)) return [pattern]
  const all = [...Object.keys(file.groups), ...Object.keys(file.targets)]
  const names = all.filter((name) => matchPattern(pattern, name))
  if (names.length === 0) throw unknownTarget(pattern, file)
  return names
}

function membersOf(
  file: BakeFile,
  name: string,
  seen: ReadonlySet<string> = new Set(),
): { readonly targets: readonly string[]; readonly groups: readonly string[] } {
  const group = Object.hasOwn(file.groups, name) ? file.groups[name] : undefined
  if (group === undefined) return { targets: [name], groups: [] }
  if (seen.has(name)) throw new StrakeError('INVALID', `Cannot bake ${name}: it has itself`)
  const inside = group.targets.map((member) => membersOf(file, member, new Set([...seen, name])))
  return {
    targets: inside.flatMap(({ targets }) => targets),
    groups: [name, ...inside.flatMap(({ groups }) => groups)],
  }
}

function unknownTarget(name: string, { targets, groups }: BakeFile): StrakeError {
  const known = [...new Set([...Object.keys(groups), ...Object.keys(targets)])]
  return new StrakeError('NOT_FOUND', `Cannot bake ${name}: there is no such target or group`, {
    remedy: `choose ${known.join(', ')}`,
  })
}

function resolve(file: BakeFile, name: string, all: ReadonlyMap<string, Overrides>): BakeTarget {
  const { inherits: _, ...target } = inherited(file, name, all, [])
  const { context, dockerfile } = target
  const place = cleanContext(typeof context === 'string' ? context : '.')
  return { ...target, context: place, dockerfile: dockerfile || 'Dockerfile' }
}

/** `cwd://` is the directory of the command, whatever the file says. */
function cleanContext(context: string): string {
  if (/^(?!cwd:)[a-z]+:\/\/|^git@/.test(context)) return context
  return posix.normalize(context.replace(/^cwd:\/\//, '') || '.').replace(/(?<=.)\/$/, '')
}

/**
 * Returns a target with the values of its parents. A value of a later parent replaces that of an
 * earlier one, and a value of the target itself replaces both.
 */
function inherited(
  file: BakeFile,
  name: string,
  all: ReadonlyMap<string, Overrides>,
  path: readonly string[],
): BakeTarget {
  const own = Object.hasOwn(file.targets, name) ? file.targets[name] : undefined
  if (own === undefined) throw unknownTarget(name, file)
  if (path.includes(name)) {
    throw new StrakeError('INVALID', `Cannot bake ${name}: it inherits from itself`)
  }
  const base = listOfTexts(own, 'inherits').reduce<BakeTarget>(
    (sum, parent) => mergeTargets(sum, inherited(file, parent, all, [...path, name])),
    {},
  )
  return normalize(applyOverrides(mergeTargets(base, own), all.get(name)))
}

/** Adds the targets that others name as `target:NAME` in their contexts, before those. */
function withLinks(
  file: BakeFile,
  chosen: ReadonlyMap<string, PlannedTarget>,
  overrides: ReadonlyMap<string, Overrides>,
): readonly PlannedTarget[] {
  const ordered = new Map<string, PlannedTarget>()
  const add = (planned: PlannedTarget, path: readonly string[]): PlannedTarget => {
    const { name } = planned
    if (path.includes(name)) {
      throw new StrakeError('INVALID', `Cannot bake ${name}: it is a context of itself`)
    }
    const known = ordered.get(name)
    if (known !== undefined) return known
    const rights = linksOf(planned.target).flatMap((link) => {
      const linked = add(chosen.get(link) ?? linkedTarget(file, link, overrides), [...path, name])
      return listOfTexts(linked.target, 'entitlements')
    })
    const entitlements = [...new Set([...listOfTexts(planned.target, 'entitlements'), ...rights])]
    const target = entitlements.length === 0 ? planned.target : { ...planned.target, entitlements }
    const complete = { ...planned, target }
    ordered.set(name, complete)
    return complete
  }
  for (const planned of chosen.values()) add(planned, [])
  return [...ordered.values()]
}

function linkedTarget(
  file: BakeFile,
  name: string,
  overrides: ReadonlyMap<string, Overrides>,
): PlannedTarget {
  const target = { ...resolve(file, name, overrides), output: [{ type: 'cacheonly' }] }
  return { name, target, isLinked: true }
}

/** The targets that are contexts of a target. */
export function linksOf(target: BakeTarget): readonly string[] {
  const { contexts } = target
  if (!isTexts(contexts)) return []
  return Object.values(contexts).flatMap((value) =>
    value?.startsWith('target:') ? [value.slice('target:'.length)] : [],
  )
}
