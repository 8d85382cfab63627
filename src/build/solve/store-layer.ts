import { mediaType } from '#oci'
import { type Bytes, counted } from '#stream'
import type { StepContext } from '../workspace.ts'
import type { StateLayer } from './state.ts'

/** Size of an archive without entries. */
const emptyArchive = 1024

/**
 * Streams an uncompressed archive into the store; its digest is its diff ID.
 * `undefined` when it has no entries, for a layer that changes nothing is none.
 */
export async function storeLayer(
  { store, lease, signal }: Pick<StepContext, 'store' | 'lease' | 'signal'>,
  tar: Bytes,
  facts: {
    readonly epoch: number | undefined
    readonly isAdditive?: boolean
    /** Is told how many bytes of the archive there are so far. */
    readonly onProgress?: (bytes: number) => void
  },
): Promise<StateLayer | undefined> {
  await using ingest = await store.ingest()
  try {
    await ingest.append(
      counted(tar, (bytes) => {
        signal.throwIfAborted()
        facts.onProgress?.(bytes)
      }),
    )
  } catch (error) {
    await ingest.abort()
    throw error
  }
  const { size } = ingest
  if (size <= emptyArchive) {
    await ingest.abort()
    return undefined
  }
  const digest = await ingest.commit()
  lease.hold(digest)
  return {
    descriptor: { mediaType: mediaType.ociLayer, digest, size },
    diffId: digest,
    ...(facts.epoch !== undefined && { epoch: facts.epoch }),
    ...(facts.isAdditive === true && { isAdditive: true }),
  }
}
