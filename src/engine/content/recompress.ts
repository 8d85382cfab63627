import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { type ContentStore, createMemoryStore, type Ingest } from '#content'
import { compressImage, createImage } from '#image'
import { type Digest, mediaType } from '#oci'
import type { Records } from '#records'

const chunkSize = 1_048_576

export interface Recompression {
  /** Of the layer. */
  readonly diffId: Digest
  /** Its archive. */
  readonly archive: string
  readonly compression: 'gzip' | 'zstd'
  /** Takes the result. */
  readonly ingest: () => Promise<Ingest>
  readonly signal?: AbortSignal
}

/**
 * Compresses a layer's archive the way a push does and says what that gave.
 * It need not be what was compressed elsewhere, or here by another version.
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
  // What is known of other results must not stand in for this one.
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
      ...(signal && { signal }),
    },
  )
  return made
}
