import type { ContentSource } from '#content'
import { suggest } from '#dockerfile'
import {
  type Descriptor,
  familiarReference,
  formatPlatform,
  isStrakeError,
  normalizePlatform,
  type Platform,
  parseReference,
} from '#oci'
import { createVertex, type Vertex } from './graph.ts'

/** An image that another machine sends. */
export interface ServedImage {
  /** Describes the manifest or index. */
  readonly descriptor: () => Promise<Descriptor>
  readonly source: ContentSource
}

/** The replacement of a stage or image (`--build-context`). */
export type NamedContext =
  | {
      readonly kind: 'directory'
      readonly path: string
      /** For files that a client sends. Called once before files are read, if steps use them. */
      readonly receive?: (() => Promise<void>) | undefined
    }
  /** A git repository, or an archive on a web server. */
  | { readonly kind: 'remote'; readonly url: string }
  | { readonly kind: 'image'; readonly reference: string }
  /** An image of an OCI image layout, on this machine unless it is served. */
  | {
      readonly kind: 'layout'
      readonly path: string
      readonly image: string
      readonly served?: ServedImage | undefined
    }

/** The named contexts of a build. */
export class NamedContexts {
  readonly #contexts: ReadonlyMap<string, NamedContext>
  readonly #used = new Set<string>()

  /** By the name that the user typed, with `::os/architecture` at the end for one platform. */
  constructor(contexts: ReadonlyMap<string, NamedContext> = new Map()) {
    this.#contexts = new Map(
      [...contexts].map(([name, context]) => {
        const [own = '', platform] = name.split('::')
        return [keyOf(own, platform), context]
      }),
    )
  }

  /** Returns the context for a stage or image, and its key. Prefers the context for the platform. */
  find(name: string, platform: Platform): { key: string; context: NamedContext } | undefined {
    if (this.#contexts.size === 0) return undefined
    const own = formatPlatform(normalizePlatform(platform))
    for (const key of [keyOf(name, own), keyOf(name)]) {
      const context = this.#contexts.get(key)
      if (context === undefined) continue
      this.#used.add(key)
      return { key, context }
    }
    return undefined
  }

  get(key: string): NamedContext | undefined {
    return this.#contexts.get(key)
  }

  /** Returns the context of a name that is no stage or image, for every platform. */
  use(name: string): { key: string; context: NamedContext } | undefined {
    const key = keyOf(name)
    const context = this.#contexts.get(key)
    if (context === undefined) return undefined
    this.#used.add(key)
    return { key, context }
  }

  /** The names, for suggestions. */
  get names(): readonly string[] {
    return [...this.#contexts.keys()]
  }

  /**
   * The contexts whose name the Dockerfile does not have, each with the name that was
   * perhaps meant. `names` are the stages and images of the Dockerfile.
   */
  unused(names: readonly string[]): readonly { name: string; close: string | undefined }[] {
    const known = new Set(names.map((name) => keyOf(name)))
    return [...this.#contexts.keys()]
      .filter((key) => !this.#used.has(key) && !known.has(key.replace(/::.*$/, '')))
      .map((name) => ({ name, close: suggest(name, names) }))
  }
}

/** One key for all ways to write the name of an image: `docker.io/library/alpine:latest`. */
function keyOf(name: string, platform?: string): string {
  const suffix = platform === undefined ? '' : `::${platform}`
  try {
    const familiar = familiarReference(parseReference(name.toLowerCase()))
    return familiar.replace(/:latest$/, '') + suffix
  } catch (error) {
    if (!isStrakeError(error)) throw error
    return name.toLowerCase() + suffix
  }
}

/** The files of a build context at `path` as a file system, for FROM and for mounts. */
export function contextFiles(
  context: string,
  path: string,
  origin: Parameters<typeof createVertex>[2],
): Vertex {
  const scratch = createVertex({ kind: 'scratch' }, [], { name: 'FROM scratch' })
  return createVertex(
    {
      kind: 'copy',
      from: { context },
      sources: [{ kind: 'path', path: path === '' ? '.' : path }],
      destination: '/',
      intoDirectory: true,
      exclude: [],
      link: true,
      parents: true,
    },
    [scratch],
    origin,
  )
}
