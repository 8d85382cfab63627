import type { DirectoryStore } from '#content'
import { type ProvedLayers, unpackImage } from '#image'
import type { Digest } from '#oci'
import type { Snapshotter } from '#snapshot'
import type { Emit } from '#stream'
import type { TarListing } from '#tar'
import type { FileState } from '../model/state.ts'

export interface UnpackStateOptions {
  readonly store: DirectoryStore
  readonly snapshots: Pick<Snapshotter, 'has' | 'importLayer'>
  /** The listings of layers. Those of unpacked layers are removed. */
  readonly listings: Map<Digest, TarListing>
  readonly layers: ProvedLayers
  readonly emit: Emit
  readonly signal?: AbortSignal | undefined
}

/**
 * Commits every layer of `state` that has no snapshot yet. The digest of each layer is
 * verified.
 */
export async function unpackState(
  state: FileState,
  { store, snapshots, listings, layers, emit, signal }: UnpackStateOptions,
): Promise<void> {
  await unpackImage(state, store, snapshots, {
    pathOf: (digest) => store.pathOf(digest),
    listingOf: (diffId) => listings.get(diffId),
    layers,
    emit,
    signal,
  })
  for (const { diffId } of state.layers) listings.delete(diffId)
}
