import type { DirectoryStore } from '#content'
import { unpackImage } from '#image'
import type { Snapshotter } from '#snapshot'
import type { Emit } from '#stream'
import type { FileState } from './state.ts'

export interface UnpackStateOptions {
  readonly store: DirectoryStore
  readonly snapshots: Pick<Snapshotter, 'has' | 'importLayer'>
  readonly emit: Emit
  readonly signal?: AbortSignal
}

/** Commits every layer of `state` that has no snapshot yet, each proved to be its diff ID. */
export async function unpackState(
  state: FileState,
  { store, snapshots, emit, signal }: UnpackStateOptions,
): Promise<void> {
  await unpackImage(state, store, snapshots, {
    pathOf: (digest) => store.pathOf(digest),
    emit,
    ...(signal && { signal }),
  })
}
