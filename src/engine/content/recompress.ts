import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { type ContentStore, createMemoryStore, type Ingest } from '#content'
import { compressImage, createImage } from '#image'
import { type Digest, mediaType } from '#oci'
import type { Records } from '#records'

const chunkSize = 1_048_576

export interface Recompression {
  readonly diffId: Digest
  /** The path of the layer's archive. */
  readonly archive: string
  readonly compression: 'gzip' | 'zstd'
  /** Opens the ingest that receives the result. */
  readonly ingest: () => Promise<Ingest>
  readonly signal?: AbortSignal | undefined
}

/**
 * Compresses a layer's archive as a push does and returns the digest of the result.
 * Another tool or another version of strake may compress to other bytes.
 */
export async function recompress(
  records: Pick<Records, 'layers'>,
  { diffId, archive, compression, ingest, signal }: Recompression,
): Promise<Digest | undefined> {
  const documents = createMemoryStore()
  const { size } = await stat(archive)
  const descriptor = { mediaType: mediaType.ociLayer, digest: diffId, size }
  const image = await createImage(documents, {
    config: { architecture: '', os: '' },
    layers: [{ descriptor, diffId }],
  })
  const store: ContentStore = {
    has: (target, stop) => documents.has(target, stop),
    read: (target, options) =>
      target.digest === diffId
        ? createReadStream(archive, { highWaterMark: chunkSize })
        : documents.read(target, options),
    write: (expected, bytes, options) => documents.write(expected, bytes, options),
    delete: (target) => documents.delete(target),
    ingest,
  }
  // Hides earlier results, so that `compressImage` compresses now.
  const layers = {
    ...records.layers,
    link: async () => {},
    compressedOf: () => [],
    madeBy: () => [],
  }
  let made: Digest | undefined
  await compressImage(
    image,
    store,
    { layers },
    {
      compression,
      onLayer: async ({ descriptor }) => {
        made = descriptor.digest
      },
      signal,
    },
  )
  return made
}
