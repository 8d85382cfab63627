import type { Diagnostic, Dockerfile, Stage } from '#dockerfile'
import { silent } from '#stream'
import { NamedContexts } from './model/contexts.ts'
import { DockerfileError, type DockerfileSource } from './model/error.ts'
import type { Parameter } from './model/parameters.ts'
import { type OpenDefinition, openDefinition, withPlaces } from './open-definition.ts'
import type { BuildOptions } from './options.ts'
import { namesOf, selectTarget } from './plan/stages.ts'
import { makePlans } from './prepare.ts'
import { createBuildArgs } from './variables/scope.ts'

/** The violations of build checks in a Dockerfile. */
export interface Checked {
  readonly source: DockerfileSource
  /** In the order of the file. */
  readonly warnings: readonly Diagnostic[]
  /** A mistake, or the refusal of `# check=error=true`. */
  readonly error?: DockerfileError | undefined
}

/** The parameters that a target takes. */
export interface Outlined {
  readonly source: DockerfileSource
  /** Absent for a stage without a name. */
  readonly name?: string | undefined
  readonly description?: string | undefined
  /** In the order of the file. */
  readonly parameters: readonly Parameter[]
}

/** The stages of a Dockerfile. */
export interface Targets {
  readonly source: DockerfileSource
  readonly stages: readonly Stage[]
}

/** Checks the target, or all stages, without running a step. */
export async function checkBuild(options: BuildOptions): Promise<Checked> {
  return await withDefinition(options, async (definition) => {
    const { source, dockerfile } = definition
    const found: Diagnostic[] = []
    let failed: DockerfileError | undefined
    for (const target of targetsOf(dockerfile, options.target)) {
      try {
        await plan({ ...options, target }, definition, found)
      } catch (error) {
        if (!(error instanceof DockerfileError)) throw error
        failed ??= error
      }
    }
    return { source, warnings: inOrder(found), error: failed }
  })
}

/** Lists the arguments, secrets and agents that the target and its stages use. */
export async function outlineBuild(options: BuildOptions): Promise<Outlined> {
  return await withDefinition(options, async (definition) => {
    const { source, dockerfile } = definition
    const [first] = await plan(options, definition, [])
    const { name, description } = selectTarget(dockerfile, options.target, source)
    return { source, name, description, parameters: first?.parameters ?? [] }
  })
}

/** Lists the stages of a Dockerfile. Throws `DockerfileError`. */
export async function listTargets(options: BuildOptions): Promise<Targets> {
  return await withDefinition(options, async ({ source, dockerfile }) => {
    const { stages, diagnostics } = dockerfile
    const errors = diagnostics.filter(({ severity }) => severity === 'error')
    const [first] = errors
    if (first === undefined) return { source, stages }
    const sentence = `Cannot list the targets of ${source.name}: ${first.message}`
    throw new DockerfileError(sentence, source, errors)
  })
}

async function withDefinition<T>(
  options: BuildOptions,
  work: (definition: OpenDefinition) => Promise<T>,
): Promise<T> {
  return await withPlaces(options.services, async (places) =>
    work(await openDefinition(options, places)),
  )
}

async function plan(
  options: BuildOptions,
  definition: OpenDefinition,
  found: Diagnostic[],
): ReturnType<typeof makePlans> {
  const { emit = silent } = options
  return await makePlans(
    // The caller shows the warnings with their lines.
    { ...options, emit: (event) => (event.type === 'warning' ? undefined : emit(event)) },
    definition,
    {
      buildArgs: createBuildArgs(options.buildArgs ?? {}),
      contexts: new NamedContexts(options.contexts),
      found,
    },
  )
}

/** Returns the target of the user, else the stages that no other stage uses: planning them plans all stages. */
export function targetsOf(
  { stages }: Dockerfile,
  target: string | undefined,
): (string | undefined)[] {
  if (target !== undefined || stages.length === 0) return [target]
  const used = new Set<number>()
  for (const stage of stages) {
    for (const name of [stage.from.image, ...stage.instructions.flatMap(namesOf)]) {
      const earlier = stages.findLast(
        (each) =>
          each.index < stage.index &&
          (each.name === name.toLowerCase() || String(each.index) === name),
      )
      if (earlier !== undefined) used.add(earlier.index)
    }
  }
  return stages.filter(({ index }) => !used.has(index)).map(({ index }) => String(index))
}

/** Several targets have stages in common, whose violations count once. */
function inOrder(found: readonly Diagnostic[]): readonly Diagnostic[] {
  const once = new Map(found.map((each) => [JSON.stringify(each), each]))
  return [...once.values()].sort((a, b) => a.range.start.line - b.range.start.line)
}
