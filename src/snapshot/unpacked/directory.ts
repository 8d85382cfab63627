import type { PathChange } from '#layer'
import { chainAbove, type Digest, StrakeError } from '#oci'
import {
  makeDirectory,
  maxOverlayLowers,
  mountBind,
  mountOverlay,
  removeDirectory,
  removeTree,
  syncFilesystem,
} from '#platform'
import { ChainFolder } from '../chain/chain-folder.ts'
import { cleanChains } from '../chain/clean-chains.ts'
import { MountedSnapshot, OverlayMounts, type StagedOverlay } from '../chain/overlay-mounts.ts'
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
  SnapshotView,
  VerifyOptions,
} from '../chain/snapshotter.ts'
import { treeSize } from './tree-size.ts'

/** Leaves some layers of the kernel's limit for the overlays of containers. */
const maxLineage = maxOverlayLowers - 20

/** Layers as unpacked trees, stacked by overlayfs. `root` is `$STRAKE_ROOT`, `run` is `$STRAKE_RUN`. */
export class DirectorySnapshots implements LocalSnapshotter {
  readonly kind = 'directory'
  readonly reason: string
  readonly #chains: ChainFolder
  readonly #overlays: OverlayMounts

  constructor(root: string, run: string, reason = 'as asked for') {
    this.reason = reason
    this.#chains = new ChainFolder(root, run)
    this.#overlays = new OverlayMounts(this.#chains, (lineage) => this.#trees(lineage))
  }

  async prepare(parent: Digest | null, options: PrepareOptions = {}): Promise<ActiveSnapshot> {
    return new DirectoryActive(this.#chains, await this.#overlays.prepare(parent, options))
  }

  async importLayer(
    parent: Digest | null,
    layer: LayerSource,
    { emit, limits, signal }: ImportLayerOptions = {},
  ): Promise<ImportedLayer | undefined> {
    if (await this.has(chainAbove(parent, layer.diffId))) return undefined
    await using active = await this.prepare(parent, { use: 'unpack' })
    // Loaded here: starting a container does not need it.
    const { applyLayer } = await import('#layer/apply')
    const { readLayer } = await import('../chain/layer-source.ts')
    const source = readLayer(layer)
    const { entries } = await applyLayer(source.bytes, active.root, { emit, limits, signal })
    await active.commit(layer)
    return { entries, size: source.size() }
  }

  container(
    parent: Digest | null,
    directory: string,
    options: ContainerOptions = {},
  ): Promise<ContainerSnapshot> {
    return this.#overlays.container(parent, directory, options)
  }

  async view(chainId: Digest): Promise<SnapshotView> {
    const name = ownedName('view')
    await this.#chains.makeReady()
    const root = this.#chains.users.mountPoint(name)
    const restrictions = { readOnly: true, noSuid: true, noDev: true }
    makeDirectory(root, 0o700)
    try {
      await this.#chains.use(chainId, name, (lineage) => {
        const lower = this.#trees(lineage)
        const [only = ''] = lower
        // Overlayfs requires two lower directories, or an upper one.
        if (lower.length === 1) mountBind(only, root, restrictions)
        else mountOverlay(root, { lower, ...restrictions })
      })
    } catch (error) {
      removeDirectory(root)
      throw error
    }
    return new MountedSnapshot(this.#chains, { root, upper: '', name, chainId })
  }

  async has(chainId: Digest): Promise<boolean> {
    return this.#chains.has(chainId)
  }

  async *compare(before: Digest | null, after: Digest): AsyncGenerator<PathChange> {
    const { compareTrees } = await import('#layer/compare-trees')
    await using now = await this.view(after)
    await using old = before === null ? await this.prepare(null) : await this.view(before)
    yield* compareTrees(old.root, now.root)
  }

  remove(...chainIds: readonly Digest[]): Promise<void> {
    return removeChains(this.#chains, chainIds)
  }

  async *list(): AsyncGenerator<SnapshotRecord> {
    for (const chain of this.#chains.list()) {
      yield { ...chain, size: await treeSize(this.#chains.tree(chain.chainId)) }
    }
  }

  cleanStale(): Promise<number> {
    return cleanChains(this.#chains)
  }

  async *verify(options: VerifyOptions = {}): AsyncGenerator<SnapshotFinding> {
    const { verifyTrees } = await import('./verify-trees.ts')
    yield* verifyTrees(this.#chains, options)
  }

  #trees(lineage: readonly Digest[]): string[] {
    if (lineage.length > maxLineage) {
      const reason = `it has ${lineage.length} layers, more than the ${maxLineage} that can be stacked`
      throw new StrakeError('UNSUPPORTED', `Cannot mount snapshot ${lineage[0]}: ${reason}`, {
        remedy: 'build the image with fewer instructions that change files',
      })
    }
    return lineage.map((chainId) => this.#chains.tree(chainId))
  }
}

class DirectoryActive implements ActiveSnapshot {
  readonly root: string
  readonly upper: string
  readonly #chains: ChainFolder
  readonly #staged: StagedOverlay

  constructor(chains: ChainFolder, staged: StagedOverlay) {
    this.#chains = chains
    this.#staged = staged
    this.root = staged.root
    this.upper = staged.upper
  }

  async commit({ diffId }: LayerSource): Promise<Digest> {
    const { name, lineage } = this.#staged
    const [parent = null] = lineage
    const chainId = chainAbove(parent, diffId)
    this.#staged.seal(chainId)
    await removeTree(`${this.#chains.staging(name)}/work`)
    const made = { parent, diffId, sync: syncFilesystem }
    const committed = await this.#chains.commit(name, made)
    await this.#staged.release(committed ? 'keep' : 'remove')
    return chainId
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#staged.discard()
  }
}
