import {
  type Dockerfile,
  type Instruction,
  parseTrigger,
  type Range,
  type Stage,
} from '#dockerfile'
import { formatPlatform, type ImageConfig, type Platform } from '#oci'
import { contextFiles, type NamedContext, type NamedContexts } from '../model/contexts.ts'
import { DockerfileError, type DockerfileSource, failure } from '../model/error.ts'
import { createVertex, type Vertex } from '../model/graph.ts'
import type { BaseImage, BaseImages, LayoutImage } from './base-images.ts'
import { historyComment } from './history.ts'
import { type PlanContext, type PlannedHistory, StageState } from './stage.ts'
import type { FromFiles } from './step.ts'

export interface PlannedStage {
  readonly state: StageState
  readonly platform: Platform
}

/** The initial state of a stage, and the number of steps that FROM itself takes. */
export interface StageBase {
  readonly planned: PlannedStage
  readonly numbered: 0 | 1
}

export interface BaseOptions extends Pick<PlanContext, 'warn'> {
  readonly source: DockerfileSource
  readonly images: BaseImages
  readonly contexts: NamedContexts
  /** Whether there are plans for other platforms, so that names of steps contain the platform. */
  readonly isOneOfSeveral: boolean
}

type Found = NonNullable<ReturnType<NamedContexts['find']>>

/** The images and named contexts that stages begin with and copy from. */
export class StageBases {
  readonly #dockerfile: Dockerfile
  readonly #options: BaseOptions

  constructor(dockerfile: Dockerfile, options: BaseOptions) {
    this.#dockerfile = dockerfile
    this.#options = options
  }

  /** Starts to resolve the image of a name. */
  prefetch(name: string, platform: Platform): void {
    const { images, contexts } = this.#options
    const named = contexts.find(name, platform)
    const image: NamedImage | undefined = named === undefined ? { reference: name } : imageOf(named)
    if (image === undefined) return
    const { reference, layout } = image
    if (reference !== 'scratch' && layout === undefined) images.prefetch(reference, platform)
  }

  /** The named context that replaces a whole stage. */
  replacement({ name }: Stage, platform: Platform): Found | undefined {
    return name === undefined ? undefined : this.#options.contexts.find(name, platform)
  }

  /** The beginning of a stage whose base is not another stage. */
  async of(stage: Stage, base: string, platform: Platform): Promise<StageBase> {
    const named = this.#options.contexts.find(base, platform)
    if (base === 'scratch' && named === undefined) return scratchStage(platform)
    if (named !== undefined) return await this.fromContext(stage, named, platform)
    return await this.#fromImage(stage, base, platform)
  }

  /** The files or the image of a named context as the beginning of a stage. */
  async fromContext(stage: Stage, found: Found, platform: Platform): Promise<StageBase> {
    const { key } = found
    const image = imageOf(found)
    if (image?.reference === 'scratch') return scratchStage(platform)
    if (image !== undefined) {
      return await this.#fromImage(stage, image.reference, platform, image.layout)
    }
    const name = `[internal] load build context ${key}`
    const vertex = contextFiles(key, '', { name, range: stage.from.range })
    const state = new StageState(vertex, { WorkingDir: '/' }, { history: [] })
    state.addHistory({ entry: { created_by: `FROM ${key}`, comment: historyComment }, vertex })
    return { planned: { state, platform }, numbered: 0 }
  }

  async #fromImage(
    stage: Stage,
    base: string,
    platform: Platform,
    layout?: LayoutImage,
  ): Promise<StageBase> {
    const { images, contexts } = this.#options
    const { range } = stage.from
    const stages = namesBefore(this.#dockerfile, stage)
    const image = await images.resolve(base, platform, {
      range,
      stages,
      contexts: contexts.names,
      isBase: true,
      layout,
    })
    const triggers = this.triggers(image.config.config?.OnBuild ?? [], stage)
    const total = 1 + [...triggers, ...stage.instructions].filter(makesLayer).length
    const name = `${this.prefix(stage, platform, { index: 1, total })}FROM ${base}`
    const vertex = images.vertex(image, platform, { name, range })
    const state = new StageState(vertex, image.config.config ?? {}, {
      author: image.config.author,
      history: baseHistory(image),
    })
    const actual = this.#checkPlatform(image.config, platform, { base, range })
    return { planned: { state, platform: actual }, numbered: 1 }
  }

  /** The files that `--from` names, unless it is a stage. */
  async files(
    stage: Stage,
    from: string,
    { range }: Instruction,
    platform: Platform,
  ): Promise<FromFiles> {
    const { images, contexts } = this.#options
    const named = contexts.find(from, platform)
    const image: NamedImage | undefined = named === undefined ? { reference: from } : imageOf(named)
    if (image === undefined) return { context: named?.key ?? from }
    const { reference, layout } = image
    if (reference === 'scratch') return { vertex: scratch() }
    const stages = namesBefore(this.#dockerfile, stage)
    const found = await images.resolve(reference, platform, {
      range,
      stages,
      contexts: contexts.names,
      layout,
    })
    return { vertex: images.vertex(found, platform, { name: `FROM ${from}`, range }) }
  }

  /** The beginning of the name of a step: `[build 2/4] `. */
  prefix(
    stage: Stage,
    platform: Platform,
    { index, total }: { readonly index: number; readonly total: number },
  ): string {
    const isOnly = this.#dockerfile.stages.length === 1
    const words = [
      ...(this.#options.isOneOfSeveral ? [formatPlatform(platform)] : []),
      ...(isOnly ? [] : [stage.name ?? `stage-${stage.index}`]),
      `${String(index).padStart(String(total).length)}/${total}`,
    ]
    return `[${words.join(' ')}] `
  }

  /** The ONBUILD instructions of the base, parsed as instructions of this stage. */
  triggers(triggers: readonly string[], { from }: Stage): Instruction[] {
    return triggers.flatMap((trigger) => {
      const { instructions, diagnostics } = parseTrigger(trigger)
      const isWrong = diagnostics.some((each) => each.severity === 'error')
      const isNested = instructions.some(({ kind }) => kind === 'ONBUILD' || kind === 'MAINTAINER')
      if (isWrong || isNested) {
        const reason = `the base image has an ONBUILD trigger that cannot be run: ${trigger}`
        const { source } = this.#options
        const sentence = `Cannot build ${source.name}: ${reason}`
        throw new DockerfileError(sentence, source, [failure('onbuild', reason, from.range)])
      }
      return instructions.map((instruction) => ({ ...instruction, range: from.range }))
    })
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
}

interface NamedImage {
  readonly reference: string
  readonly layout?: LayoutImage | undefined
}

/** The image of a named context, or `undefined` for a context of files. */
function imageOf(
  found: { readonly key: string; readonly context: NamedContext } | undefined,
): NamedImage | undefined {
  const { key, context } = found ?? {}
  if (context?.kind === 'image') return { reference: context.reference }
  if (context?.kind !== 'layout' || key === undefined) return undefined
  const { path, image: wanted, served } = context
  return { reference: key, layout: { path, image: wanted, served } }
}

function scratch(): Vertex {
  return createVertex({ kind: 'scratch' }, [], { name: 'FROM scratch' })
}

function scratchStage(platform: Platform): StageBase {
  const state = new StageState(scratch(), { WorkingDir: '/' }, { history: [] })
  return { planned: { state, platform }, numbered: 0 }
}

function namesBefore({ stages }: Dockerfile, { index }: Stage): string[] {
  return stages.slice(0, index).flatMap(({ name }) => (name === undefined ? [] : [name]))
}

type LayerInstruction = Extract<Instruction, { kind: 'RUN' | 'COPY' | 'ADD' | 'WORKDIR' }>

export function makesLayer(instruction: Instruction): instruction is LayerInstruction {
  return ['RUN', 'COPY', 'ADD', 'WORKDIR'].includes(instruction.kind)
}

/** The history lines of the base image. An image without history gets one line for each layer. */
function baseHistory({ config, layers }: BaseImage): PlannedHistory[] {
  const { history = [] } = config
  if (history.length > 0) return history.map((entry) => ({ entry, isInherited: true }))
  return layers.map(() => ({ entry: { created_by: 'layer of the base image' }, isInherited: true }))
}
