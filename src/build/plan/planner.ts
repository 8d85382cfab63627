import type { Dockerfile, IgnoreMatcher, Range, RuleName, Stage } from '#dockerfile'
import { type Digest, limits, type Platform } from '#oci'
import type { NamedContexts } from '../model/contexts.ts'
import { DockerfileError, type DockerfileSource, failure } from '../model/error.ts'
import type { NetworkMode, Vertex } from '../model/graph.ts'
import { argumentsOf, mountsOf, type Parameter } from '../model/parameters.ts'
import type { Grant, RunSettings } from '../model/run-settings.ts'
import {
  type ScannedStage,
  type Scanner,
  type ScanTarget,
  scanStep,
  scanTargets,
} from '../model/scans.ts'
import type { SourcePolicy } from '../model/source-policy.ts'
import type { BuildArgs, BuildPlatforms } from '../variables/scope.ts'
import type { TextBudget } from '../variables/text-budget.ts'
import type { BaseImages, ResolveBase } from './base-images.ts'
import { checkDefaultBases, checkVariables } from './checks.ts'
import { planFilesystem } from './filesystem.ts'
import { GlobalScope } from './globals.ts'
import { applyMetadata } from './metadata.ts'
import { createExpander, StageState } from './stage.ts'
import { makesLayer, type PlannedStage, type StageBase, StageBases } from './stage-bases.ts'
import { findBaseStage, findSourceStage, namesOf, StageNeeds, selectTarget } from './stages.ts'
import type { FilesystemContext } from './step.ts'

export interface PlanOptions {
  readonly source: DockerfileSource
  readonly target?: string | undefined
  readonly buildArgs: BuildArgs
  readonly platforms: {
    readonly build: Platform
    /** `planBuild` returns one plan for each. */
    readonly targets: readonly Platform[]
  }
  readonly network: NetworkMode
  readonly grants: ReadonlySet<Grant>
  /** Settings of the containers of RUN. */
  readonly settings?: RunSettings | undefined
  readonly sourcePolicy?: SourcePolicy | undefined
  /** Names of stages whose steps run again. */
  readonly uncachedStages?: readonly string[] | undefined
  /** Called with every finding of a build check, also of skipped checks. */
  readonly warn: (rule: RuleName, message: string, range: Range) => void
  /** Lists the packages of the result. */
  readonly sbom?:
    | { readonly generator?: string | undefined; readonly parameters: Scanner['parameters'] }
    | undefined
  /** Matches the files that are excluded from the build context. */
  readonly ignore?: IgnoreMatcher | undefined
  readonly resolveImage: ResolveBase
  /** The default is no named context. */
  readonly contexts?: NamedContexts | undefined
}

/** The parameters of a plan for one platform. */
export interface PlatformOptions
  extends Omit<PlanOptions, 'platforms' | 'resolveImage' | 'contexts'> {
  readonly contexts: NamedContexts
  readonly platforms: BuildPlatforms
  /** Whether there are plans for other platforms, so that names of steps contain the platform. */
  readonly isOneOfSeveral: boolean
  readonly images: BaseImages
  readonly budget: TextBudget
  readonly userinfo: Map<string, string>
  readonly uncached: Set<Digest>
  /** Called with the parameters of the stages. */
  readonly parameters: Parameter[]
}

/** The file systems whose packages are listed, and the step that does it. */
export interface PlannedScans {
  /** That of the target is the first. */
  readonly scans: readonly ScanTarget[]
  /** The step of the image that lists them. Absent for the built-in scanner. */
  readonly scanner?: Vertex | undefined
}

/** The most layers that overlayfs can stack. */
const maxSteps = 500

/** Plans the stages of a Dockerfile for one platform, each when it is needed first. */
export class Planner {
  readonly #dockerfile: Dockerfile
  readonly #options: PlatformOptions
  readonly globals: GlobalScope
  readonly #bases: StageBases
  readonly #stages = new Map<number, Promise<PlannedStage>>()
  readonly #needs = new StageNeeds()

  constructor(dockerfile: Dockerfile, options: PlatformOptions) {
    this.#dockerfile = dockerfile
    this.#options = options
    this.#bases = new StageBases(dockerfile, options)
    const { source, buildArgs, platforms, budget, target, warn } = options
    for (const stage of dockerfile.stages) {
      for (const each of stage.instructions) {
        if (each.kind === 'ARG') for (const { key } of each.args) buildArgs.declare(key)
      }
    }
    const targetStage = selectTarget(dockerfile, target, source).name ?? 'default'
    const context = { source, platforms, targetStage }
    checkDefaultBases(dockerfile, context, { warn })
    this.globals = new GlobalScope(dockerfile, { ...context, buildArgs, budget })
  }

  /** The planned stages. Each stage is planned once. */
  stage(stage: Stage): Promise<PlannedStage> {
    const planned = this.#stages.get(stage.index) ?? this.#planStage(stage)
    this.#stages.set(stage.index, planned)
    return planned
  }

  /** Starts to resolve the base images of all reachable stages at once. */
  prefetch(stage: Stage, seen: Set<number> = new Set()): void {
    if (seen.has(stage.index)) return
    seen.add(stage.index)
    const platform = this.globals.platformOf(stage)
    if (stage.name !== undefined && this.#bases.replacement(stage, platform) !== undefined) {
      this.#bases.prefetch(stage.name, platform)
      return
    }
    const { source } = this.#options
    const start = (name: string, find: typeof findBaseStage): void => {
      const found = find(this.#dockerfile, name, stage, source)
      if (found !== undefined) this.prefetch(found, seen)
      else this.#bases.prefetch(name, platform)
    }
    start(this.globals.baseName(stage), findBaseStage)
    for (const name of stage.instructions.flatMap(namesOf)) start(name, findSourceStage)
  }

  /** The file systems to scan, and the step that does it. */
  async planScans(target: Stage): Promise<PlannedScans> {
    const { sbom, platforms, images } = this.#options
    if (sbom === undefined) return { scans: [] }
    const stages: ScannedStage[] = []
    let own: ScannedStage | undefined
    for (const [index, planned] of [...this.#stages].sort(([a], [b]) => a - b)) {
      const { state } = await planned
      const name = this.#dockerfile.stages[index]?.name ?? `stage-${index}`
      const lookup = (variable: string): string | undefined =>
        (state.args.has(variable) ? state.scope.get(variable) : undefined) ??
        this.globals.values.get(variable)
      const scanned = { name, vertex: state.vertex, lookup }
      stages.push(scanned)
      if (index === target.index) own = scanned
    }
    if (own === undefined) throw new RangeError('The target is planned before its scan')
    const scans = scanTargets(own, stages)
    if (sbom.generator === undefined) return { scans }
    const image = await images.resolveOwn(sbom.generator, platforms.build)
    const name = `[sbom] FROM ${image.reference}`
    const vertex = images.vertex(image, platforms.build, { name })
    return { scans, scanner: scanStep({ image, vertex, parameters: sbom.parameters }, scans) }
  }

  async #planStage(stage: Stage): Promise<PlannedStage> {
    const platform = this.globals.platformOf(stage)
    const replaced = this.#bases.replacement(stage, platform)
    if (replaced !== undefined) {
      const { planned } = await this.#bases.fromContext(stage, replaced, platform)
      delete planned.state.config.OnBuild
      return planned
    }
    return await this.#planInstructions(stage)
  }

  async #planInstructions(stage: Stage): Promise<PlannedStage> {
    const { planned, numbered } = await this.#planFrom(stage)
    const { state, platform } = planned
    const triggers = this.#bases.triggers(state.config.OnBuild ?? [], stage)
    delete state.config.OnBuild
    const instructions = [...triggers, ...stage.instructions]
    const total = numbered + instructions.filter(makesLayer).length
    const context = this.#stageContext(stage, platform, numbered, total)
    const isUncached = this.#options.uncachedStages?.includes(stage.name ?? '') === true
    for (const instruction of instructions) {
      const missing = new Set<string>()
      const lookup = (name: string): string | undefined => {
        const value = state.scope.get(name)
        if (value === undefined && !state.args.has(name)) missing.add(name)
        return value
      }
      const expand = createExpander(lookup, instruction.range, context)
      try {
        if (makesLayer(instruction)) {
          await planFilesystem(state, instruction, expand, context)
          if (isUncached) this.#options.uncached.add(state.vertex.digest)
        } else applyMetadata(state, instruction, expand, context)
        const { parameters } = this.#options
        if (instruction.kind === 'ARG') {
          parameters.push(...argumentsOf(instruction, (name) => state.scope.get(name)))
        } else parameters.push(...mountsOf(instruction))
      } finally {
        if (missing.size > 0) {
          const { warn } = this.#options
          const known = [...state.scope.keys()].filter((name) => !missing.has(name))
          checkVariables(missing, known, { warn, range: instruction.range })
        }
      }
      this.#checkSize(state, instruction.range)
    }
    return planned
  }

  /** Refuses a plan with too many layers or too much history, before any step runs. */
  #checkSize({ steps, historySize }: StageState, range: Range): void {
    if (steps > maxSteps) {
      throw this.#fail('limit', `it has more than ${maxSteps} steps that make layers`, range)
    }
    if (historySize > limits.configSize) {
      throw this.#fail('limit', 'the history of the image would be larger than 4 MiB', range)
    }
  }

  /** The initial state of a stage, and the number of steps that FROM itself takes. */
  async #planFrom(stage: Stage): Promise<StageBase> {
    const { source } = this.#options
    const base = this.globals.baseName(stage)
    const platform = this.globals.platformOf(stage)
    const parent =
      base === 'scratch' ? undefined : findBaseStage(this.#dockerfile, base, stage, source)
    if (parent !== undefined) {
      const { state, platform: inherited } = await this.#stageFor(stage, parent, stage.from.range)
      const copy = new StageState(state.vertex, state.finish(), state)
      copy.hasWorkdir = state.hasWorkdir
      return { planned: { state: copy, platform: inherited }, numbered: 0 }
    }
    return await this.#bases.of(stage, base, platform)
  }

  /** Plans the stage that another one names. */
  #stageFor(stage: Stage, named: Stage, range: Range): Promise<PlannedStage> {
    if (this.#needs.add(stage, named)) return this.stage(named)
    const name = named.name ?? `stage-${named.index}`
    throw this.#fail('stage-order', `circular dependency detected on stage: ${name}`, range)
  }

  #stageContext(
    stage: Stage,
    platform: Platform,
    numbered: number,
    total: number,
  ): FilesystemContext {
    const { source, buildArgs, budget, network, grants, settings, warn, ignore, userinfo } =
      this.#options
    const { sourcePolicy } = this.#options
    let index = numbered
    return {
      source,
      buildArgs,
      network,
      grants,
      settings,
      sourcePolicy,
      warn,
      ignore,
      userinfo,
      escape: this.#dockerfile.directives.escape,
      budget,
      globals: this.globals.values,
      nameStep: (text) =>
        `${this.#bases.prefix(stage, platform, { index: ++index, total })}${text}`,
      resolveFrom: async (from, instruction) => {
        const found =
          from === 'scratch' ? undefined : findSourceStage(this.#dockerfile, from, stage, source)
        if (found !== undefined) {
          const { state } = await this.#stageFor(stage, found, instruction.range)
          return { vertex: state.vertex }
        }
        return await this.#bases.files(stage, from, instruction, platform)
      },
    }
  }

  #fail(rule: string, reason: string, range: Range): DockerfileError {
    const { source } = this.#options
    const diagnostics = [failure(rule, reason, range)]
    return new DockerfileError(`Cannot build ${source.name}: ${reason}`, source, diagnostics)
  }
}
