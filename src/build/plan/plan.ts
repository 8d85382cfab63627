import type { Dockerfile, Range, RuleName } from '#dockerfile'
import type { Digest, Platform, RunConfig } from '#oci'
import { NamedContexts } from '../model/contexts.ts'
import type { Vertex } from '../model/graph.ts'
import { argumentsOf, type Parameter, sortParameters } from '../model/parameters.ts'
import { TextBudget } from '../variables/text-budget.ts'
import { BaseImages, type ImageUse, type NamedBase } from './base-images.ts'
import { type PlannedScans, Planner, type PlanOptions, type PlatformOptions } from './planner.ts'
import type { PlannedHistory } from './stage.ts'
import { selectTarget } from './stages.ts'

/** The operations of a build, and the parts of the image that are known before they run. */
export interface Plan extends PlannedScans {
  /** The file system of the target stage. */
  readonly target: Vertex
  readonly config: RunConfig
  readonly author?: string | undefined
  readonly history: readonly PlannedHistory[]
  readonly platform: Platform
  /** The global ARGs, defaults and `--build-arg` applied. */
  readonly globals: ReadonlyMap<string, string>
  /** Every image that a vertex names, by manifest digest. */
  readonly images: ReadonlyMap<Digest, NamedBase>
  /** The instructions that name each of these images. */
  readonly imageUses: ReadonlyMap<Digest, readonly ImageUse[]>
  /** The passwords of URLs, by URL without it. */
  readonly userinfo: ReadonlyMap<string, string>
  /** The vertices of stages whose steps run again. */
  readonly uncached: ReadonlySet<Digest>
  /** The parameters of the target and its stages, in the order of the file. */
  readonly parameters: readonly Parameter[]
}

/**
 * Plans the target stage and the stages that it needs, once for every platform.
 * Other stages are ignored. Base images are resolved, because substitution needs
 * their configurations. No command runs. Throws `DockerfileError`.
 */
export async function planBuild(
  dockerfile: Dockerfile,
  options: PlanOptions,
): Promise<readonly Plan[]> {
  const { build, targets } = options.platforms
  const emitted = new Set<string>()
  const shared = {
    images: new BaseImages(options.resolveImage, options.source),
    budget: new TextBudget(),
    userinfo: new Map<string, string>(),
    uncached: new Set<Digest>(),
    parameters: [],
    contexts: options.contexts ?? new NamedContexts(),
    warn(rule: RuleName, message: string, range: Range) {
      const warning = JSON.stringify([rule, message, range])
      if (!emitted.has(warning)) options.warn(rule, message, range)
      emitted.add(warning)
    },
  }
  return await Promise.all(
    targets.map((target) => {
      const platforms = { build, target }
      const isOneOfSeveral = targets.length > 1
      return planFor(dockerfile, { ...options, ...shared, platforms, isOneOfSeveral })
    }),
  )
}

async function planFor(dockerfile: Dockerfile, options: PlatformOptions): Promise<Plan> {
  const planner = new Planner(dockerfile, options)
  const target = selectTarget(dockerfile, options.target, options.source)
  planner.prefetch(target)
  const planned = await planner.stage(target)
  const { state, platform } = planned
  const globals = dockerfile.args.flatMap((arg) =>
    argumentsOf(arg, (name) => planner.globals.values.get(name)),
  )
  return {
    target: state.vertex,
    ...(await planner.planScans(target)),
    config: state.finish(),
    author: state.author,
    history: state.history,
    platform,
    globals: planner.globals.values,
    images: options.images.used,
    imageUses: options.images.uses,
    userinfo: options.userinfo,
    uncached: options.uncached,
    parameters: sortParameters([...globals, ...options.parameters]),
  }
}
