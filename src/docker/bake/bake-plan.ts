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
  const planning = { file, overrides, inherited: new Map<string, BakeTarget>() }
  const targets = new Map<string, PlannedTarget>()
  const groups: Record<string, BakeGroup> = {}
  for (const name of chosen) {
    const found = membersOf(file, name)
    for (const group of found.groups) groups[group] = file.groups[group] ?? { targets: [] }
    for (const member of found.targets) {
      targets.set(member, { name: member, target: resolve(planning, member), isLinked: false })
    }
  }
  const isDefault = chosen.includes('default') && groups['default'] !== undefined
  const direct = isDefault ? chosen.filter((name) => name !== 'default') : chosen
  const members = [...(groups['default']?.targets ?? []), ...direct]
  groups['default'] = { ...groups['default'], targets: [...new Set(members)].sort() }
  return { targets: withLinks(planning, targets), groups }
}

/** What the targets of one plan have in common. */
interface Planning {
  readonly file: BakeFile
  readonly overrides: ReadonlyMap<string, Overrides>
  /** Targets with the values of their parents. Several targets may inherit from one. */
  readonly inherited: Map<string, BakeTarget>
}

function matchingNames(file: BakeFile, pattern: string): readonly string[] {
  if (!hasPattern(pattern)) return [pattern]
  const all = [...Object.keys(file.groups), ...Object.keys(file.targets)]
  const names = all.filter((name) => matchPattern(pattern, name))
  if (names.length === 0) throw unknownTarget(pattern, file)
  return names
}

/** Returns the targets and the groups that a name stands for, each once. */
function membersOf(
  file: BakeFile,
  name: string,
): { readonly targets: ReadonlySet<string>; readonly groups: ReadonlySet<string> } {
  const targets = new Set<string>()
  const groups = new Set<string>()
  const visit = (one: string, path: readonly string[]): void => {
    const group = Object.hasOwn(file.groups, one) ? file.groups[one] : undefined
    if (path.includes(one)) throw new StrakeError('INVALID', `Cannot bake ${one}: it has itself`)
    if (group === undefined) targets.add(one)
    else if (!groups.has(one)) {
      groups.add(one)
      for (const member of group.targets) visit(member, [...path, one])
    }
  }
  visit(name, [])
  return { targets, groups }
}

function unknownTarget(name: string, { targets, groups }: BakeFile): StrakeError {
  const known = [...new Set([...Object.keys(groups), ...Object.keys(targets)])]
  return new StrakeError('NOT_FOUND', `Cannot bake ${name}: there is no such target or group`, {
    remedy: `choose ${known.join(', ')}`,
  })
}

function resolve(planning: Planning, name: string): BakeTarget {
  const { inherits: _, ...target } = inherit(planning, name, [])
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
function inherit(planning: Planning, name: string, path: readonly string[]): BakeTarget {
  const { file, overrides, inherited } = planning
  const known = inherited.get(name)
  if (known !== undefined) return known
  const own = Object.hasOwn(file.targets, name) ? file.targets[name] : undefined
  if (own === undefined) throw unknownTarget(name, file)
  if (path.includes(name)) {
    throw new StrakeError('INVALID', `Cannot bake ${name}: it inherits from itself`)
  }
  const base = listOfTexts(own, 'inherits').reduce<BakeTarget>(
    (sum, parent) => mergeTargets(sum, inherit(planning, parent, [...path, name])),
    {},
  )
  const target = normalize(applyOverrides(mergeTargets(base, own), overrides.get(name)))
  inherited.set(name, target)
  return target
}

/** Adds the targets that others name as `target:NAME` in their contexts, before those. */
function withLinks(
  planning: Planning,
  chosen: ReadonlyMap<string, PlannedTarget>,
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
      const linked = add(chosen.get(link) ?? linkedTarget(planning, link), [...path, name])
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

function linkedTarget(planning: Planning, name: string): PlannedTarget {
  const target = { ...resolve(planning, name), output: [{ type: 'cacheonly' }] }
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
