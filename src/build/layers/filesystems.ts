import { chainIds, type Digest } from '#oci'
import type { Snapshotter, SnapshotView } from '#snapshot'
import type { Bytes } from '#stream'
import { readTar, type TarListing } from '#tar'
import { openTree } from '../files/tree.ts'
import { type FileState, type StateLayer, stateOf } from '../model/state.ts'
import type { Filesystems } from '../step/workspace.ts'
import { emptyTree } from './empty-tree.ts'
import { type LayerListing, layListings, listLayer } from './listed-tree.ts'

export interface FilesystemsOptions {
  readonly snapshots: Pick<Snapshotter, 'view' | 'prepare' | 'has'>
  /** Unpacks the layers of a state that have no snapshot yet. */
  readonly unpack: (state: FileState) => Promise<void>
  /** The listings of new layers, by diff ID. */
  readonly listings: ReadonlyMap<Digest, TarListing>
  /** Opens the uncompressed archive of a layer that a build made. */
  readonly read: (layer: StateLayer) => Bytes
}

/** Steps that need the same state wait for the same unpacking. */
export function createFilesystems(options: FilesystemsOptions): Filesystems {
  const { snapshots, listings: known, read } = options
  const ensure = createUnpacker(options)
  const listings = new Map<Digest, Promise<LayerListing>>()
  const list = (layer: StateLayer): Promise<LayerListing> => {
    const made = known.get(layer.diffId)
    const listing = listings.get(layer.diffId) ?? listLayer(made?.entries ?? readTar(read(layer)))
    listings.set(layer.diffId, listing)
    // The layer may be in the store when it is listed again.
    listing.catch(() => listings.delete(layer.diffId))
    return listing
  }
  const view = async (state: FileState): Promise<SnapshotView | undefined> => {
    await ensure(state)
    return state.chainId === null ? undefined : snapshots.view(state.chainId)
  }
  return {
    view,
    async prepare(state) {
      await ensure(state)
      return snapshots.prepare(state.chainId)
    },
    async lookup(state) {
      const mounted = await mountedPart(state, snapshots)
      const above = await Promise.all(state.layers.slice(mounted.layers.length).map(list))
      await using stack = new AsyncDisposableStack()
      const mount = stack.use(await view(mounted))
      const below =
        mount === undefined
          ? emptyTree
          : stack.use(openTree(mount.root, { name: 'the image', hasOwners: true }))
      const taken = stack.move()
      return {
        ...layListings(below, above),
        [Symbol.asyncDispose]: () => taken.disposeAsync(),
      }
    },
  }
}

/** The part of the state below the top layers that only add and are not unpacked. */
async function mountedPart(
  { layers }: FileState,
  snapshots: Pick<Snapshotter, 'has'>,
): Promise<FileState> {
  const chains = chainIds(layers.map((layer) => layer.diffId))
  let count = layers.length
  while (count > 0 && layers[count - 1]?.isAdditive === true) {
    const chain = chains[count - 1]
    if (chain !== undefined && (await snapshots.has(chain))) break
    count--
  }
  return stateOf(layers.slice(0, count))
}

function createUnpacker({
  unpack,
}: Pick<FilesystemsOptions, 'unpack'>): (state: FileState) => Promise<void> {
  const unpacking = new Map<Digest, Promise<void>>()
  return async (state) => {
    const { chainId } = state
    if (chainId === null) return
    // Unpacking a state also unpacks the states below, and steps that need those wait for it.
    const chains = chainIds(state.layers.map((layer) => layer.diffId)).slice(0, -1)
    await Promise.all(chains.map((below) => unpacking.get(below)))
    const running = unpacking.get(chainId) ?? unpack(state)
    unpacking.set(chainId, running)
    try {
      await running
    } catch (error) {
      unpacking.delete(chainId)
      throw error
    }
  }
}
