import {
  type AddInstruction,
  type CopyInstruction,
  cleanPath,
  type Dockerfile,
  type IgnoreMatcher,
  type Range,
  suggest,
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
    const message = `Default value for ARG ${image} results in empty or invalid base image name`
    warn('InvalidDefaultArgInFrom', message, range)
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

/**
 * Warns of sources that the ignore file excludes. An ignore file with exceptions
 * may exclude a directory and include a file in it. Then there is no warning.
 */
export function checkIgnored(
  { kind, range }: CopyInstruction | AddInstruction,
  sources: readonly SourceSpec[],
  { ignore, warn }: Warn & { readonly ignore: IgnoreMatcher | undefined },
): void {
  if (ignore === undefined || ignore.hasExceptions) return
  for (const source of sources) {
    if (source.kind !== 'path') continue
    const path = cleanPath(source.path)
    // The context itself is excluded only where everything in it is.
    const isLeftOut = path === '.' || path === '/' ? ignore.ignores('*') : ignore.ignores(path)
    const verb = kind === 'COPY' ? 'Copy' : 'Add'
    const message = `Attempting to ${verb} file ${JSON.stringify(path)} that is excluded by .dockerignore`
    if (isLeftOut) warn('CopyIgnoredFile', message, range)
  }
}

/** Warns of variables that are used before they are set. `known` has the names that are set. */
export function checkVariables(
  missing: ReadonlySet<string>,
  known: readonly string[],
  { warn, range }: Warn & { readonly range: Range },
): void {
  for (const name of missing) {
    const close = suggest(name, known)
    const question = close === undefined ? '' : ` (did you mean $${close}?)`
    warn('UndefinedVar', `Usage of undefined variable '$${name}'${question}`, range)
  }
}
