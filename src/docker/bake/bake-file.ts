import { type BakeTarget, mergeTargets } from './bake-target.ts'

/** The targets and groups of one or several files, in their order. */
export interface BakeFile {
  readonly targets: Readonly<Record<string, BakeTarget>>
  readonly groups: Readonly<Record<string, BakeGroup>>
  readonly variables: readonly BakeVariable[]
}

export interface BakeGroup {
  readonly targets: readonly string[]
  readonly description?: string
}

/** A variable with its value, as `bake --list=variables` shows it. */
export interface BakeVariable {
  readonly name: string
  readonly description: string
  readonly type: string
  /** `undefined` for null. */
  readonly value: string | undefined
}

export const emptyFile: BakeFile = { targets: {}, groups: {}, variables: [] }

/** Adds a later file: targets are merged, groups replaced. */
export function mergeFiles(first: BakeFile, second: BakeFile): BakeFile {
  const targets = { ...first.targets }
  for (const [name, target] of Object.entries(second.targets)) {
    targets[name] = mergeTargets(targets[name] ?? {}, target)
  }
  return {
    targets,
    groups: { ...first.groups, ...second.groups },
    variables: [...first.variables, ...second.variables],
  }
}
