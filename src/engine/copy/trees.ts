import {
  containerEvent,
  getContainer,
  type OpenedView,
  openContainerView,
  readPresent,
} from '#container'
import {
  ContainerTree,
  type CopyEntry,
  type CopyTree,
  expandPattern,
  isPattern,
  LocalTree,
  type Origin,
  type ReadTreeOptions,
  readTree,
} from '#copy'
import { isStrakeError, StrakeError } from '#oci'
import { ContainerView } from '#runtime'
import { printableName } from '#tar'
import { getVolume, ownUser, releaseVolumes, useVolume, volumeData } from '#volume'
import { containerContext } from '../container/container-context.ts'
import type { Engine } from '../engine.ts'

/** A path on this machine, in a container, or in a volume. */
export interface CopyEndpoint {
  /** Name or ID; absent for this machine. */
  readonly container?: string | undefined
  /** The name of a volume, in place of a container. */
  readonly volume?: string | undefined
  /** A relative path begins at the working directory, and at the root of a container. */
  readonly path: string
}

interface Opened {
  readonly view: OpenedView
  readonly tree: ContainerTree
}

/** The trees of one copy: each container is opened once, also when it is source and target. */
export class CopyTrees implements AsyncDisposable {
  readonly #engine: Engine
  readonly #local: LocalTree
  /** By the ID of the container. */
  readonly #containers = new Map<string, Opened>()
  /** By name. */
  readonly #volumes = new Map<string, ContainerTree>()
  readonly #user = ownUser()
  /** The IDs of the typed names. */
  readonly #ids = new Map<string, string>()

  private constructor(engine: Engine, directory: string) {
    this.#engine = engine
    this.#local = new LocalTree(directory)
  }

  /** `directory` is the one where relative paths of this machine begin. Throws `NOT_FOUND`. */
  static async open(
    engine: Engine,
    endpoints: readonly CopyEndpoint[],
    {
      directory,
      signal,
    }: { readonly directory: string; readonly signal?: AbortSignal | undefined },
  ): Promise<CopyTrees> {
    await using stack = new AsyncDisposableStack()
    const trees = stack.use(new CopyTrees(engine, directory))
    const context = endpoints.some(({ container }) => container !== undefined)
      ? await containerContext(engine)
      : undefined
    for (const { container, volume } of endpoints) {
      if (volume !== undefined) await trees.#openVolume(volume)
      if (container !== undefined && context !== undefined)
        trees.#ids.set(container, getContainer(context, container).id)
    }
    // Two stopped containers are locked in one order, so that two copies cannot wait for each other.
    for (const id of [...new Set(trees.#ids.values())].sort()) {
      if (context === undefined) continue
      const view = await openContainerView(context, id, signal)
      const { name, settings } = view.container
      const tree = new ContainerTree(view.view, { name, readOnly: settings.readOnly })
      trees.#containers.set(id, { view, tree })
    }
    stack.move()
    return trees
  }

  of(endpoint: CopyEndpoint): CopyTree {
    return this.#inside(endpoint) ?? this.#local
  }

  /** The opened container of an endpoint; `undefined` for this machine. */
  viewOf(endpoint: CopyEndpoint): OpenedView | undefined {
    return this.#container(endpoint)?.view
  }

  /** Finds the files of a source. A pattern in a container means every match. Throws `NOT_FOUND`. */
  origins(endpoint: CopyEndpoint, follow: boolean): readonly Origin[] {
    const { path } = endpoint
    const tree = this.#inside(endpoint)
    try {
      return [(tree ?? this.#local).origin(path, { follow })]
    } catch (error) {
      // A file whose name has such characters is meant literally, as in a shell.
      if (!isStrakeError(error, 'NOT_FOUND') || tree === undefined || !isPattern(path)) throw error
    }
    const found = expandPattern(path, (directory) => tree.list(directory))
    if (found.length > 0) return found.map((one) => tree.origin(one, { follow }))
    throw new StrakeError('NOT_FOUND', `Cannot copy ${showEndpoint(endpoint)}: no file matches`)
  }

  /**
   * Yields the files of an origin. Throws `NOT_FOUND` if some may be missing, because another
   * process has removed the container.
   */
  read(origin: Origin, options: ReadTreeOptions): AsyncIterable<CopyEntry> {
    const entries = readTree(origin, options)
    const opened = [...this.#containers.values()].find(({ tree }) => tree === origin.tree)
    if (opened === undefined) return entries
    return readPresent(this.#engine, opened.view.container, entries)
  }

  /** Records an event of the container of an endpoint. */
  async note(action: 'archive-path' | 'extract-to-dir', endpoint: CopyEndpoint): Promise<void> {
    const container = this.viewOf(endpoint)?.container
    if (container !== undefined) {
      await this.#engine.records.events.note(containerEvent(container, action))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#local[Symbol.dispose]()
    for (const { view } of this.#containers.values()) await view[Symbol.asyncDispose]()
    for (const tree of this.#volumes.values()) tree[Symbol.dispose]()
    await releaseVolumes(this.#engine, this.#user)
  }

  async #openVolume(name: string): Promise<void> {
    if (this.#volumes.has(name)) return
    await useVolume(this.#engine, getVolume(this.#engine, name), this.#user)
    const view = ContainerView.ofDirectory(volumeData(this.#engine, name))
    this.#volumes.set(name, new ContainerTree(view, { name, readOnly: false, hasKernel: false }))
  }

  /** The tree of a container or volume; `undefined` for this machine. */
  #inside(endpoint: CopyEndpoint): ContainerTree | undefined {
    const { volume } = endpoint
    return volume === undefined ? this.#container(endpoint)?.tree : this.#volumes.get(volume)
  }

  #container({ container }: CopyEndpoint): Opened | undefined {
    if (container === undefined) return undefined
    const opened = this.#containers.get(this.#ids.get(container) ?? '')
    if (opened === undefined) throw new TypeError(`container ${container} is not open`)
    return opened
  }
}

export function showEndpoint({ container, volume, path }: CopyEndpoint): string {
  const name = container ?? volume
  return name === undefined ? printableName(path) : `${name}:${printableName(path)}`
}
