import type { Dockerfile, Range, Stage } from '#dockerfile'
import { isStrakeError, type Platform, parsePlatform } from '#oci'
import { DockerfileError, type DockerfileSource, failure } from '../model/error.ts'
import { type BuildArgs, type BuildPlatforms, platformArgs } from '../variables/scope.ts'
import type { TextBudget } from '../variables/text-budget.ts'
import { createExpander, type Expander } from './stage.ts'

export interface GlobalOptions {
  readonly source: DockerfileSource
  readonly buildArgs: BuildArgs
  readonly platforms: BuildPlatforms
  /** The name of the target stage. */
  readonly targetStage: string
  readonly budget: TextBudget
}

/** The variables of FROM: the ARGs before the first FROM, and the predefined arguments. */
export class GlobalScope {
  readonly #dockerfile: Dockerfile
  readonly #options: GlobalOptions
  readonly #values: Map<string, string>

  constructor(dockerfile: Dockerfile, options: GlobalOptions) {
    this.#dockerfile = dockerfile
    this.#options = options
    this.#values = platformArgs(options.platforms, options.targetStage)
    const { buildArgs } = options
    for (const { args, range } of dockerfile.args) {
      const expand = this.#expander(range)
      for (const { key, value } of args) {
        buildArgs.declare(key)
        const given = buildArgs.get(key) ?? (value === undefined ? undefined : expand.one(value))
        if (given !== undefined) this.#values.set(key, given)
      }
    }
  }

  get values(): ReadonlyMap<string, string> {
    return this.#values
  }

  /** Returns the expanded name of the base image. */
  baseName({ from }: Stage): string {
    const name = this.#expander(from.range).one(from.image)
    if (name !== '') return name
    throw this.#fail('base-name', `the base image ${from.image} is empty`, from.range)
  }

  platformOf({ from }: Stage): Platform {
    const { platforms } = this.#options
    if (from.platform === undefined) return platforms.target
    const text = this.#expander(from.range).one(from.platform)
    // An operating system alone means its images for the processor of the builder.
    if (/^(?:linux|windows|darwin|freebsd)$/i.test(text)) {
      return { os: text.toLowerCase(), architecture: platforms.build.architecture }
    }
    try {
      return parsePlatform(text)
    } catch (cause) {
      if (!isStrakeError(cause)) throw cause
      throw this.#fail('platform', `${JSON.stringify(text)} is not a platform`, from.range, cause)
    }
  }

  #expander(range: Range): Expander {
    const { source, budget } = this.#options
    const context = { source, budget, escape: this.#dockerfile.directives.escape }
    return createExpander((name) => this.#values.get(name), range, context)
  }

  #fail(rule: string, reason: string, range: Range, cause?: unknown): DockerfileError {
    const { source } = this.#options
    const diagnostics = [failure(rule, reason, range)]
    return new DockerfileError(`Cannot build ${source.name}: ${reason}`, source, diagnostics, {
      cause,
    })
  }
}
