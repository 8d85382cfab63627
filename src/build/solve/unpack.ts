import type { DirectoryStore } from '#content'
import { chainIds, type Layer } from '#oci'
import type { LayerSource, Snapshotter } from '#snapshot'
import { counted, decompress, type Emit } from '#stream'
import type { FileState } from './state.ts'

export interface UnpackStateOptions {
  readonly store: DirectoryStore
  readonly snapshots: Pick<Snapshotter, 'has' | 'importLayer'>
  readonly emit: Emit
  readonly signal?: AbortSignal
}

/** Commits every layer of `state` that has no snapshot yet, each proved to be its diff ID. */
export async function unpackState(state: FileState, options: UnpackStateOptions): Promise<void> {
  const { snapshots, emit, signal } = options
  const { layers } = state
  const chains = chainIds(layers.map((layer) => layer.diffId))
  let done = layers.length
  for (; done > 0; done--) {
    const chain = chains[done - 1]
    if (chain !== undefined && (await snapshots.has(chain))) break
  }
  for (const [index, layer] of layers.entries()) {
    const chainId = chains[index]
    if (index < done || chainId === undefined) continue
    const source = { diffId: layer.diffId, chainId, tar: openArchive(layer, options) }
    await snapshots.importLayer(chains[index - 1] ?? null, source, {
      index: index === layers.length - 1 ? 'now' : 'later',
      emit,
      ...(signal && { signal }),
    })
  }
}

/** A layer that a build made is in the store as it is; those of images may be compressed. */
function openArchive(
  { descriptor, diffId }: Layer,
  { store, emit, signal }: UnpackStateOptions,
): LayerSource['tar'] {
  if (descriptor.digest === diffId) return store.pathOf(diffId)
  const transfer = { type: 'transfer', id: descriptor.digest, action: 'unpack' } as const
  const stored = store.read(descriptor, signal === undefined ? {} : { signal })
  const total = descriptor.size
  return decompress(counted(stored, (current) => emit({ ...transfer, current, total })))
}
