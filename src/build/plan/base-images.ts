import { type Range, suggest } from '#dockerfile'
import type { Descriptor, Digest, ImageConfig, Layer, Platform } from '#oci'
import type { ServedImage } from '../model/contexts.ts'
import { type DockerfileSource, withExcerpt } from '../model/error.ts'
import { createVertex, type Vertex } from '../model/graph.ts'

/** The parts of a base image that the plan needs. */
export interface BaseImage {
  /** The descriptor of the manifest for the platform. */
  readonly descriptor: Descriptor
  /** The digest that the name of the image means: that of an index, or of the manifest. */
  readonly root?: Digest | undefined
  readonly config: ImageConfig
  readonly layers: readonly Layer[]
  /**
   * Adds the layers to the store, once for all calls; the signal of the first call ends it. Absent
   * when they are there.
   */
  readonly fetch?: ((signal?: AbortSignal) => Promise<void>) | undefined
}

/** A base image, and the name by which it was found: that of the source policy if it has a rule. */
export interface NamedBase extends BaseImage {
  readonly reference: string
  /** True for an image of an OCI image layout. */
  readonly isLocal: boolean
}

/** An image of an OCI image layout. Only the user names one, no Dockerfile. */
export interface LayoutImage {
  /** Absolute path of the layout. */
  readonly path: string
  /** `:tag`, `@digest`, or empty for the only image. */
  readonly image: string
  /** Present when the layout is not on this machine: its path is then a name for messages. */
  readonly served?: ServedImage | undefined
}

/** A step that names an image, and its place in the Dockerfile. */
export interface ImageUse {
  readonly name: string
  readonly range?: Range | undefined
}

export type ResolveBase = (
  reference: string,
  platform: Platform,
  layout?: LayoutImage,
) => Promise<NamedBase>

/** The images that FROM and `--from` name. Each is resolved once. */
export class BaseImages {
  /** The images that vertices name, by manifest digest. */
  readonly used: Map<Digest, NamedBase> = new Map()
  /** The instructions that name an image, by manifest digest. They share one vertex. */
  readonly uses: Map<Digest, ImageUse[]> = new Map()
  readonly #resolveImage: ResolveBase
  readonly #source: DockerfileSource
  readonly #resolving = new Map<string, Promise<NamedBase>>()

  constructor(resolveImage: ResolveBase, source: DockerfileSource) {
    this.#resolveImage = resolveImage
    this.#source = source
  }

  /** Starts to resolve an image that will be needed. */
  prefetch(reference: string, platform: Platform, layout?: LayoutImage): void {
    // The step that needs the image gets the same failure.
    this.#start(reference, platform, layout).catch(() => {})
  }

  /** Resolves an image that no line of the Dockerfile names. */
  async resolveOwn(reference: string, platform: Platform): Promise<NamedBase> {
    return await this.#start(reference, platform)
  }

  /** Adds the line of the Dockerfile to the error of a missing image, and suggests a stage name. */
  async resolve(
    reference: string,
    platform: Platform,
    asking: {
      readonly range: Range
      readonly stages: readonly string[]
      readonly contexts: readonly string[]
      /** FROM names the image. */
      readonly isBase?: boolean | undefined
      readonly layout?: LayoutImage | undefined
    },
  ): Promise<NamedBase> {
    try {
      return await this.#start(reference, platform, asking.layout)
    } catch (error) {
      throw withExcerpt(error, asking.range, this.#source, remedyFor(reference, asking))
    }
  }

  vertex(image: NamedBase, platform: Platform, origin: ImageUse): Vertex {
    const manifest = image.descriptor.digest
    this.used.set(manifest, image)
    this.uses.set(manifest, [...(this.uses.get(manifest) ?? []), origin])
    return createVertex({ kind: 'image', manifest, platform }, [], origin)
  }

  #start(reference: string, platform: Platform, layout?: LayoutImage): Promise<NamedBase> {
    const key = JSON.stringify([reference, platform, layout])
    const resolving = this.#resolving.get(key) ?? this.#resolveImage(reference, platform, layout)
    this.#resolving.set(key, resolving)
    return resolving
  }
}

/** So many names of stages fit into a message. */
const maxNames = 10

/** What the name of a missing image was meant to be. */
function remedyFor(
  reference: string,
  asking: {
    readonly stages: readonly string[]
    readonly contexts: readonly string[]
    readonly isBase?: boolean | undefined
  },
): string | undefined {
  const { stages, contexts } = asking
  const stage = suggest(reference, stages)
  if (stage !== undefined) return `did you mean the stage ${stage}`
  const context = suggest(
    reference,
    contexts.filter((name) => name !== reference),
  )
  if (context !== undefined) return `did you mean the build context ${context}`
  // FROM names an image far more often than a stage, so the error's own remedy is more useful.
  if (asking.isBase === true) return undefined
  // A name without a registry, a directory and a tag may also be that of a stage.
  if (stages.length === 0 || /[/:@.]/.test(reference)) return undefined
  const shown = stages.slice(0, maxNames).join(', ')
  return `name an image that exists, or a stage above: ${shown}`
}
