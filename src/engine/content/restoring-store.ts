import type { DirectoryStore, ReadOptions } from '#content'
import { type Descriptor, type Digest, StrakeError } from '#oci'
import { pathExists } from '#platform'
import type { Records } from '#records'

/** How content was restored, or why that failed. */
export interface Restored {
  /** A clause; `undefined` if the content was not restored. */
  readonly action?: string
  /** A clause. */
  readonly reason: string
}

export interface RestoringStoreOptions {
  readonly records: Pick<Records, 'dropped'>
  /** Restores a blob. */
  readonly restore: (blob: Descriptor, signal?: AbortSignal) => Promise<Restored>
}

export interface RestoringStore extends DirectoryStore {
  /** The store below, without dropped content. */
  readonly stored: DirectoryStore
}

/**
 * A store that also offers dropped content: reading a compressed layer that a prune
 * deleted restores it first. Throws `NOT_FOUND` with the reason if that fails.
 */
export function restoringStore(
  store: DirectoryStore,
  { records, restore }: RestoringStoreOptions,
): RestoringStore {
  const isDropped = async (digest: Digest): Promise<boolean> => {
    const diffId = records.dropped.diffIdOf(digest)
    if (diffId === undefined) return false
    const { layerArchive } = await import('#snapshot/erofs/layer-folder')
    return pathExists(layerArchive(store.root, diffId))
  }
  const makeWhole = async (target: Descriptor, signal?: AbortSignal): Promise<void> => {
    if (pathExists(store.pathOf(target.digest)) || !(await isDropped(target.digest))) return
    const { action, reason } = await restore(target, signal)
    if (action === undefined) throw cannotRestore(target, reason)
  }
  async function* read(target: Descriptor, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    await makeWhole(target, options.signal)
    yield* store.read(target, options)
  }
  return {
    stored: store,
    root: store.root,
    pathOf: (digest) => store.pathOf(digest),
    async provedPath(target) {
      await makeWhole(target)
      return store.provedPath(target)
    },
    has: async (target) => (await store.has(target)) || isDropped(target.digest),
    read,
    async write(expected, bytes, options) {
      if (await isDropped(expected.digest)) return 'exists'
      return await store.write(expected, bytes, options)
    },
    ingest: (options) => store.ingest(options),
    delete: (target) => store.delete(target),
    deleteUnless: (digest, isNeeded) => store.deleteUnless(digest, isNeeded),
    list: () => store.list(),
    sweep: (olderThan) => store.sweep(olderThan),
  }
}

function cannotRestore({ digest }: Descriptor, reason: string): StrakeError {
  const message = `Cannot read ${digest}: it was dropped to save space, and ${reason}`
  return new StrakeError('NOT_FOUND', message, {
    remedy: 'pull the image again when its registry can be reached',
  })
}
