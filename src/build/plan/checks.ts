import {
  type AddInstruction,
  type CopyInstruction,
  type Dockerfile,
  type IgnoreMatcher,
  ignoredSources,
  invalidDefault,
  type Range,
  undefinedVariable,
} from '#dockerfile'
import { isStrakeError, parseReference } from '#oci'
import type { SourceSpec } from '../model/graph.ts'
import { createBuildArgs } from '../variables/scope.ts'
import { TextBudget } from '../variables/text-budget.ts'
import { type GlobalOptions, GlobalScope } from './globals.ts'
import type { PlanContext } from './stage.ts'

type Warn = Pick<PlanContext, 'warn'>

/** Warns of base image names that are empty without a build argument. */
export function checkDefaultBases(
  dockerfile: Dockerfile,
  options: Omit<GlobalOptions, 'buildArgs' | 'budget'>,
  { warn }: Warn,
): void {
  const defaults = ignoringErrors(
    () =>
      new GlobalScope(dockerfile, {
        ...options,
        buildArgs: createBuildArgs({}),
        budget: new TextBudget(),
      }),
  )
  // A mistake in a default is reported when the default is used.
  if (defaults === undefined) return
  for (const stage of dockerfile.stages) {
    const { image, range } = stage.from
    if (!image.includes('$')) continue
    if (ignoringErrors(() => parseReference(defaults.baseName(stage))) !== undefined) continue
    warn('InvalidDefaultArgInFrom', invalidDefault(image), range)
  }
}

function ignoringErrors<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch (error) {
    if (isStrakeError(error)) return undefined
    throw error
  }
}

/** Warns of sources that the ignore file excludes. */
export function checkIgnored(
  { kind, range }: CopyInstruction | AddInstruction,
  sources: readonly SourceSpec[],
  { ignore, warn }: Warn & { readonly ignore: IgnoreMatcher | undefined },
): void {
  const paths = sources.flatMap((source) => (source.kind === 'path' ? [source.path] : []))
  for (const message of ignoredSources(kind, paths, ignore)) warn('CopyIgnoredFile', message, range)
}

/** Warns of variables that are used before they are set. `known` has the names that are set. */
export function checkVariables(
  missing: ReadonlySet<string>,
  known: readonly string[],
  { warn, range }: Warn & { readonly range: Range },
): void {
  for (const name of missing) warn('UndefinedVar', undefinedVariable(name, known), range)
}
