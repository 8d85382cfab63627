import {
  type Dockerfile,
  type IgnoreMatcher,
  type Instruction,
  parseTrigger,
  type Range,
  type RuleName,
  type Stage,
} from '#dockerfile'
import {
  type Digest,
  formatPlatform,
  type ImageConfig,
  limits,
  type Platform,
  type RunConfig,
} from '#oci'
import { DockerfileError, type DockerfileSource, failure } from '../model/error.ts'
import { createVertex, type NetworkMode, type Vertex } from '../model/graph.ts'
import { type BaseImage, BaseImages, type ResolveBase } from './base-images.ts'
import { checkDefaultBases, checkVariables } from './checks.ts'
import { planFilesystem } from './filesystem.ts'
import { GlobalScope } from './globals.ts'
import { applyMetadata } from './metadata.ts'
import type { BuildArgs, BuildPlatforms } from './scope.ts'
import { createExpander, type PlannedHistory, StageState } from './stage.ts'
import { findStage, selectTarget } from './stages.ts'
import type { FilesystemContext } from './step.ts'
import { TextBudget } from './text-budget.ts'

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
  readonly allowHostNetwork: boolean
  /** Called with every finding of a build check, also of skipped checks. */
  readonly warn: (rule: RuleName, message: string, range: Range) => void
  /** Matches the files that are excluded from the build context. */
  readonly ignore?: IgnoreMatcher | undefined
  readonly resolveImage: ResolveBase
}

/** The operations of a build, and the parts of the image that are known before they run. */
export interface Plan {
  /** The file system of the target stage. */
  readonly target: Vertex
  readonly config: RunConfig
  readonly author?: string | undefined
  readonly history: readonly PlannedHistory[]
  readonly platform: Platform
  /** The global ARGs, defaults and `--build-arg` applied. */
  readonly globals: ReadonlyMap<string, string>
  /** Every image that a vertex names, by manifest digest. */
  readonly images: ReadonlyMap<Digest, BaseImage>
  /** The passwords of URLs, by URL without it. */
  readonly userinfo: ReadonlyMap<string, string>
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

/** The parameters of a plan for one platform. */
interface PlatformOptions extends Omit<PlanOptions, 'platforms' | 'resolveImage'> {
  readonly platforms: BuildPlatforms
  /** Whether there are plans for other platforms, so that names of steps tell the platform. */
  readonly isOneOfSeveral: boolean
  readonly images: BaseImages
  readonly budget: TextBudget
  readonly userinfo: Map<string, string>
}

async function planFor(dockerfile: Dockerfile, options: PlatformOptions): Promise<Plan> {
  const planner = new Planner(dockerfile, options)
  const target = selectTarget(dockerfile, options.target, options.source)
  planner.prefetch(target)
  const planned = await planner.stage(target)
  const { state, platform } = planned
  return {
    target: state.vertex,
    config: state.finish(),
    author: state.author,
    history: state.history,
    platform,
    globals: planner.globals.values,
    images: options.images.used,
    userinfo: options.userinfo,
  }
}

interface PlannedStage {
  readonly state: StageState
  readonly platform: Platform
}

/** The most layers that overlayfs can stack. */
const maxSteps = 500

class Planner {
  readonly #dockerfile: Dockerfile
  readonly #options: PlatformOptions
  readonly globals: GlobalScope
  readonly #stages = new Map<number, Promise<PlannedStage>>()

  constructor(dockerfile: Dockerfile, options: PlatformOptions) {
    this.#dockerfile = dockerfile
    this.#options = options
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
    const froms = stage.instructions.flatMap(namesOf)
    for (const name of [this.globals.baseName(stage), ...froms]) {
      const named = this.#dockerfile.stages.filter(
        (each) => each.name === name.toLowerCase() || String(each.index) === name,
      )
      const earlier = named.findLast(({ index }) => index < stage.index)
      if (earlier !== undefined) this.prefetch(earlier, seen)
      else if (named.length === 0 && name !== 'scratch')
        this.#options.images.prefetch(name, platform)
    }
  }

  async #planStage(stage: Stage): Promise<PlannedStage> {
    const { planned, numbered } = await this.#planFrom(stage)
    const { state, platform } = planned
    const triggers = this.#triggers(state.config.OnBuild ?? [], stage)
    delete state.config.OnBuild
    const instructions = [...triggers, ...stage.instructions]
    const total = numbered + instructions.filter(makesLayer).length
    const context = this.#stageContext(stage, platform, numbered, total)
    for (const instruction of instructions) {
      const missing = new Set<string>()
      const lookup = (name: string): string | undefined => {
        const value = state.scope.get(name)
        if (value === undefined && !state.args.has(name)) missing.add(name)
        return value
      }
      const expand = createExpander(lookup, instruction.range, context)
      try {
        if (makesLayer(instruction)) await planFilesystem(state, instruction, expand, context)
        else applyMetadata(state, instruction, expand, context)
      } finally {
        const { warn } = this.#options
        checkVariables(missing, [...state.scope.keys()], { warn, range: instruction.range })
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
  async #planFrom(stage: Stage): Promise<{ planned: PlannedStage; numbered: 0 | 1 }> {
    const { source } = this.#options
    const base = this.globals.baseName(stage)
    const platform = this.globals.platformOf(stage)
    if (base === 'scratch') {
      const vertex = createVertex({ kind: 'scratch' }, [], { name: 'FROM scratch' })
      const state = new StageState(vertex, { WorkingDir: '/' }, { history: [] })
      return { planned: { state, platform }, numbered: 0 }
    }
    const parent = findStage(this.#dockerfile, base, stage.index, source)
    if (parent !== undefined) {
      const { state, platform: inherited } = await this.stage(parent)
      const copy = new StageState(state.vertex, state.finish(), state)
      return { planned: { state: copy, platform: inherited }, numbered: 0 }
    }
    const image = await this.#options.images.resolve(base, platform, {
      range: stage.from.range,
      stages: this.#namesBefore(stage),
    })
    const triggers = this.#triggers(image.config.config?.OnBuild ?? [], stage)
    const total = 1 + [...triggers, ...stage.instructions].filter(makesLayer).length
    const name = `${this.#prefix(stage, platform, 1, total)}FROM ${base}`
    const vertex = this.#options.images.vertex(image, platform, { name, range: stage.from.range })
    const state = new StageState(vertex, image.config.config ?? {}, {
      author: image.config.author,
      history: baseHistory(image),
    })
    const actual = this.#checkPlatform(image.config, platform, { base, range: stage.from.range })
    return { planned: { state, platform: actual }, numbered: 1 }
  }

  /** The platform of the image replaces the requested platform. A difference gives a warning. */
  #checkPlatform(
    config: ImageConfig,
    wanted: Platform,
    { base, range }: { readonly base: string; readonly range: Range },
  ): Platform {
    const { os, architecture, variant } = config
    const actual = { os, architecture, ...(variant !== undefined && { variant }) }
    if (os !== wanted.os || architecture !== wanted.architecture) {
      const [is, should] = [formatPlatform(actual), formatPlatform(wanted)]
      const message = `Base image ${base} was pulled with platform "${is}", expected "${should}" for current build`
      this.#options.warn('InvalidBaseImagePlatform', message, range)
    }
    return actual
  }

  #stageContext(
    stage: Stage,
    platform: Platform,
    numbered: number,
    total: number,
  ): FilesystemContext {
    const { source, buildArgs, budget, network, allowHostNetwork, warn, ignore, userinfo } =
      this.#options
    let index = numbered
    return {
      source,
      buildArgs,
      network,
      allowHostNetwork,
      warn,
      ignore,
      userinfo,
      escape: this.#dockerfile.directives.escape,
      budget,
      globals: this.globals.values,
      nameStep: (text) => `${this.#prefix(stage, platform, ++index, total)}${text}`,
      resolveFrom: (from, instruction) => this.#resolveFrom(stage, from, instruction, platform),
    }
  }

  async #resolveFrom(
    stage: Stage,
    from: string,
    instruction: Instruction,
    platform: Platform,
  ): Promise<Vertex> {
    if (from === 'scratch') return createVertex({ kind: 'scratch' }, [], { name: 'FROM scratch' })
    const found = findStage(this.#dockerfile, from, stage.index, this.#options.source)
    if (found !== undefined) return (await this.stage(found)).state.vertex
    const origin = { name: `FROM ${from}`, range: instruction.range }
    const stages = this.#namesBefore(stage)
    const image = await this.#options.images.resolve(from, platform, {
      range: instruction.range,
      stages,
    })
    return this.#options.images.vertex(image, platform, origin)
  }

  #namesBefore({ index }: Stage): string[] {
    const earlier = this.#dockerfile.stages.slice(0, index)
    return earlier.flatMap(({ name }) => (name === undefined ? [] : [name]))
  }

  /** The ONBUILD instructions of the base, parsed as instructions of this stage. */
  #triggers(triggers: readonly string[], { from }: Stage): Instruction[] {
    return triggers.flatMap((trigger) => {
      const { instructions, diagnostics } = parseTrigger(trigger)
      const isWrong = diagnostics.some((each) => each.severity === 'error')
      const isNested = instructions.some(({ kind }) => kind === 'ONBUILD' || kind === 'MAINTAINER')
      if (isWrong || isNested) {
        const reason = `the base image has an ONBUILD trigger that cannot be run: ${trigger}`
        throw this.#fail('onbuild', reason, from.range)
      }
      return instructions.map((instruction) => ({ ...instruction, range: from.range }))
    })
  }

  #prefix(stage: Stage, platform: Platform, index: number, total: number): string {
    const isOnly = this.#dockerfile.stages.length === 1
    const words = [
      ...(this.#options.isOneOfSeveral ? [formatPlatform(platform)] : []),
      ...(isOnly ? [] : [stage.name ?? `stage-${stage.index}`]),
      `${String(index).padStart(String(total).length)}/${total}`,
    ]
    return `[${words.join(' ')}] `
  }

  #fail(rule: string, reason: string, range: Range): DockerfileError {
    const { source } = this.#options
    const diagnostics = [failure(rule, reason, range)]
    return new DockerfileError(`Cannot build ${source.name}: ${reason}`, source, diagnostics)
  }
}

/** The names in `--from` of an instruction. */
function namesOf(instruction: Instruction): readonly string[] {
  const { kind } = instruction
  if (kind === 'COPY') return instruction.from === undefined ? [] : [instruction.from]
  return kind === 'RUN' ? instruction.mounts.flatMap(({ options }) => options['from'] ?? []) : []
}

type LayerInstruction = Extract<Instruction, { kind: 'RUN' | 'COPY' | 'ADD' | 'WORKDIR' }>

function makesLayer(instruction: Instruction): instruction is LayerInstruction {
  return ['RUN', 'COPY', 'ADD', 'WORKDIR'].includes(instruction.kind)
}

/** The history lines of the base image. An image without history gets one line for each layer. */
function baseHistory({ config, layers }: BaseImage): PlannedHistory[] {
  const { history = [] } = config
  if (history.length > 0) return history.map((entry) => ({ entry, isInherited: true }))
  return layers.map(() => ({ entry: { created_by: 'layer of the base image' }, isInherited: true }))
}
