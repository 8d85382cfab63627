import type { LocalStore } from '#content'
import { applyLayer } from '#layer'
import { ContentMismatchError, chainIds, type Layer } from '#oci'
import type { Snapshotter } from '#snapshot'
import { decompress, type Emit, hashed } from '#stream'
import type { FileState } from './state.ts'

export interface UnpackStateOptions {
  readonly store: LocalStore
  readonly snapshots: Snapshotter
  readonly emit: Emit
  readonly signal?: AbortSignal
}

/** Commits every layer of `state` that has no snapshot yet, each proved to be its diff ID. */
export async function unpackState(state: FileState, options: UnpackStateOptions): Promise<void> {
  const { snapshots } = options
  const chains = chainIds(state.layers.map((layer) => layer.diffId))
  for (const [index, layer] of state.layers.entries()) {
    const chain = chains[index]
    if (chain === undefined || (await snapshots.has(chain))) continue
    await using active = await snapshots.prepare(chains[index - 1] ?? null, { use: 'unpack' })
    await unpackLayer(layer, active.root, options)
    await active.commit(chain)
  }
}

async function unpackLayer(
  { descriptor, diffId }: Layer,
  root: string,
  { store, emit, signal }: UnpackStateOptions,
): Promise<void> {
  const options = signal === undefined ? {} : { signal }
  const stored = store.read(descriptor, options)
  const tar = descriptor.digest === diffId ? stored : decompress(stored)
  let actual: string = 'something else'
  const proved = hashed(tar, ({ digest }) => {
    actual = digest
  })
  await applyLayer(proved, root, { emit, ...options })
  if (actual === diffId) return
  throw new ContentMismatchError(`layer ${descriptor.digest}`, `the diff ID ${diffId}`, actual)
}
