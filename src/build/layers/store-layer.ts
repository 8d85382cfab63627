import type { FileIngest, Written } from '#content'
import { mediaType } from '#oci'
import { type HashingWriter, openHashingWriter } from '#platform'
import { type Bytes, counted } from '#stream'
import type { TarLister } from '#tar'
import type { LayerDraft } from '../model/layer-draft.ts'
import type { StateLayer } from '../model/state.ts'
import type { StepContext } from '../step/workspace.ts'

/** Size of an archive without entries. */
const emptyArchive = 1024

type StoreContext = Pick<StepContext, 'services' | 'signal'>

export interface LayerFacts {
  readonly epoch: number | undefined
  readonly isAdditive?: boolean | undefined
  /** The listing of the archive, for mounting the layer soon. */
  readonly lister?: TarLister | undefined
}

/** Writes an uncompressed archive to the store. Its digest is its diff ID. */
export async function storeLayer(
  context: StoreContext,
  tar: Bytes,
  facts: LayerFacts & {
    /** Called with the number of bytes of the archive so far. */
    readonly onProgress?: ((bytes: number) => void) | undefined
  },
): Promise<StateLayer | undefined> {
  await using ingest = await context.services.store.ingest()
  const append = ingest.append(
    counted(tar, (bytes) => {
      context.signal.throwIfAborted()
      facts.onProgress?.(bytes)
    }),
  )
  await using draft = await draftOf(ingest, append, facts, context)
  return await draft.commit()
}

/** Stores the archive that `write` writes. `size` is its approximate size in bytes. */
export async function draftLayer(
  context: StoreContext,
  write: (writer: HashingWriter) => Promise<Written>,
  facts: LayerFacts & { readonly size: number },
): Promise<LayerDraft> {
  const ingest = await context.services.store.ingest()
  const filling = ingest.fill(async (descriptor) => {
    await using writer = openHashingWriter(descriptor, {
      expectedSize: facts.size,
      isShared: true,
    })
    return await write(writer)
  })
  return await draftOf(ingest, filling, facts, context)
}

async function draftOf(
  ingest: FileIngest,
  writing: Promise<void>,
  facts: LayerFacts,
  { services }: StoreContext,
): Promise<LayerDraft> {
  try {
    await writing
  } catch (error) {
    await ingest.abort()
    throw error
  }
  return {
    diffId: ingest.filled?.digest,
    async commit() {
      const { size } = ingest
      if (size <= emptyArchive) return undefined
      const digest = await ingest.commit()
      await services.lease.hold(digest)
      const listing = facts.lister?.finish(size)
      if (listing !== undefined) services.listings.set(digest, listing)
      return {
        descriptor: { mediaType: mediaType.ociLayer, digest, size },
        diffId: digest,
        epoch: facts.epoch,
        isAdditive: facts.isAdditive,
      }
    },
    [Symbol.asyncDispose]: () => ingest.abort(),
  }
}
