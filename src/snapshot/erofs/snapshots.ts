import type { PathChange } from '#layer'
import { chainAbove, type Digest } from '#oci'
import { isMountPoint } from '#platform'
import { ChainFolder } from '../chain/chain-folder.ts'
import { cleanChains } from '../chain/clean-chains.ts'
import { OverlayMounts, type StagedOverlay } from '../chain/overlay-mounts.ts'
import { ownedName } from '../chain/owner-name.ts'
import { removeChains } from '../chain/remove-chains.ts'
import type {
  ActiveSnapshot,
  ContainerOptions,
  ContainerSnapshot,
  ImportedLayer,
  ImportLayerOptions,
  LayerSource,
  LocalSnapshotter,
  PrepareOptions,
  SnapshotFinding,
  SnapshotRecord,
  Snapshotter,
  SnapshotView,
  VerifyOptions,
} from '../chain/snapshotter.ts'
import type { ErofsStore } from './import-layer.ts'
import { LayerFolder, sizeOnDisk } from './layer-folder.ts'
import type { ErofsWay } from './probe.ts'

/**
 * Layers stored as archives, mounted through an index. A chain is mounted once for all containers
 * and builds on this machine. It stays mounted until `cleanStale` or `remove` finds that nothing
 * uses it.
 */
export class ErofsSnapshots implements LocalSnapshotter {
  readonly kind = 'erofs'
  readonly reason: string
  readonly #chains: ChainFolder
  readonly #layers: LayerFolder
  readonly #overlays: OverlayMounts
  readonly #way: ErofsWay
  #store: ErofsStore | undefined

  constructor(
    root: string,
    run: string,
    probe: { readonly way: ErofsWay; readonly reason: string },
  ) {
    this.#chains = new ChainFolder(root, run, 'layers')
    this.#layers = new LayerFolder(this.#chains)
    this.#way = probe.way
    this.reason = probe.reason
    this.#overlays = new OverlayMounts(this.#chains, (lineage) =>
      lineage.slice(0, 1).map((chainId) => this.#mounted(chainId)),
    )
  }

  async prepare(parent: Digest | null, options: PrepareOptions = {}): Promise<ActiveSnapshot> {
    const staged = await this.#whileMounted(parent, () => this.#overlays.prepare(parent, options))
    return new ErofsActive(this, staged)
  }

  async importLayer(
    parent: Digest | null,
    layer: LayerSource,
    options: ImportLayerOptions = {},
  ): Promise<ImportedLayer | undefined> {
    if (this.#chains.has(chainAbove(parent, layer.diffId))) return undefined
    const { importLayer } = await import('./import-layer.ts')
    return importLayer(await this.#loaded(), parent, { ...options, layer })
  }

  container(
    parent: Digest | null,
    directory: string,
    options: ContainerOptions = {},
  ): Promise<ContainerSnapshot> {
    return this.#whileMounted(parent, () => this.#overlays.container(parent, directory, options))
  }

  async view(chainId: Digest): Promise<SnapshotView> {
    const name = await this.#hold(chainId)
    return {
      root: this.#chains.users.sharedMountPoint(chainId),
      [Symbol.asyncDispose]: async () => this.#chains.unuse(chainId, name),
    }
  }

  async has(chainId: Digest): Promise<boolean> {
    return this.#chains.has(chainId)
  }

  async *compare(before: Digest | null, after: Digest): AsyncGenerator<PathChange> {
    const { compareChains } = await import('./compare.ts')
    yield* compareChains(await this.#loaded(), before, after)
  }

  remove(...chainIds: readonly Digest[]): Promise<void> {
    return removeChains(this.#chains, chainIds, () => this.#layers.unneeded())
  }

  async *list(): AsyncGenerator<SnapshotRecord> {
    for (const { chainId, parent } of this.#chains.list()) {
      const own = this.#layers.findLayers(chainId)?.at(-1)
      const index = sizeOnDisk(`${this.#chains.folder(chainId)}/index.erofs`)
      const layer = own && { diffId: own.diffId, size: this.#layers.sizeOnDisk(own.diffId) }
      yield { chainId, parent, size: index + (layer?.size ?? 0), layer }
    }
  }

  cleanStale(): Promise<number> {
    return cleanChains(this.#chains, () => this.#layers.unneeded())
  }

  async *verify(options: VerifyOptions = {}): AsyncGenerator<SnapshotFinding> {
    const { verifyErofs } = await import('./verify/verify.ts')
    yield* verifyErofs(await this.#loaded(), options)
  }

  /** Where a chain is mounted; throws `NotMounted` when it is not mounted. */
  #mounted(chainId: Digest): string {
    const path = this.#chains.users.sharedMountPoint(chainId)
    if (!isMountPoint(path)) throw new NotMounted()
    return path
  }

  /** Runs `action`. If it throws `NotMounted`, mounts `chainId` and runs it again. */
  async #whileMounted<T>(chainId: Digest | null, action: () => Promise<T>): Promise<T> {
    try {
      return await action()
    } catch (error) {
      if (!(error instanceof NotMounted) || chainId === null) throw error
    }
    const name = await this.#hold(chainId)
    try {
      return await action()
    } finally {
      this.#chains.unuse(chainId, name)
    }
  }

  /** Mounts a chain and keeps it mounted under the returned name. */
  async #hold(chainId: Digest): Promise<string> {
    const store = await this.#loaded()
    const { chains, layers, indexes } = store
    const { mountChain } = await import('./mount-chain.ts')
    if (!isMountPoint(chains.users.sharedMountPoint(chainId)) && chains.has(chainId)) {
      const { proveChain } = await import('./prove-chain.ts')
      await proveChain(store, chainId)
      await indexes.ensure(chainId)
    }
    const name = ownedName('view')
    await chains.use(chainId, name, () => {
      if (isMountPoint(chains.users.sharedMountPoint(chainId))) return
      mountChain(chains, layers, { chainId, way: this.#way })
    })
    return name
  }

  /**
   * Loaded late: a container whose image is mounted starts without the code that creates indexes.
   */
  async #loaded(): Promise<ErofsStore> {
    if (this.#store === undefined) {
      const { Indexes } = await import('./indexes.ts')
      const [chains, layers] = [this.#chains, this.#layers]
      this.#store ??= { chains, layers, indexes: new Indexes(chains, layers) }
    }
    return this.#store
  }
}

class NotMounted extends Error {}

class ErofsActive implements ActiveSnapshot {
  readonly root: string
  readonly upper: string
  readonly #snapshots: Snapshotter
  readonly #staged: StagedOverlay

  constructor(snapshots: Snapshotter, staged: StagedOverlay) {
    this.#snapshots = snapshots
    this.#staged = staged
    this.root = staged.root
    this.upper = staged.upper
  }

  async commit(layer: LayerSource): Promise<Digest> {
    const [parent = null] = this.#staged.lineage
    const chainId = chainAbove(parent, layer.diffId)
    this.#staged.seal(chainId)
    await this.#snapshots.importLayer(parent, layer)
    await this.#staged.release('remove')
    return chainId
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#staged.discard()
  }
}
