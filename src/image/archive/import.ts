import type { ContentStore, Ingest } from '#content'
import { mediaType, type Platform, type RunConfig } from '#oci'
import { decodeWithProgram, hostPlatform } from '#platform'
import { type Bytes, counted, decompress, type Emit, fromBuffer, silent } from '#stream'
import { readTar } from '#tar'
import { createImage } from '../create.ts'
import type { Image } from '../image.ts'

export interface ImportTarOptions {
  /** The result of the `--change` instructions. */
  readonly run?: RunConfig | undefined
  /** `-m`; stored in the history. */
  readonly message?: string | undefined
  /** Default: the platform of this machine. */
  readonly platform?: Platform | undefined
  /**
   * Seconds since 1970. Default: the time of the newest file, so that equal archives make equal
   * images.
   */
  readonly created?: number | undefined
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Makes an image with one layer from the archive of a root filesystem, compressed or not. The layer
 * is the uncompressed archive, byte for byte. Throws `INVALID`, and leaves nothing, for input that
 * is not an archive.
 */
export async function importTar(
  archive: Bytes,
  store: ContentStore,
  options: ImportTarOptions = {},
): Promise<Image> {
  const {
    run,
    message = 'Imported from -',
    platform = hostPlatform(),
    emit = silent,
    signal,
  } = options
  await using ingest = await store.ingest()
  const event = { type: 'transfer', id: ingest.id, action: 'read' } as const
  const read = counted(archive, (current) => emit({ ...event, current }))
  const plain = decompress(read, { foreign: decodeWithProgram })
  let newest = 0
  try {
    for await (const { mtime } of readTar(recorded(plain, ingest))) {
      signal?.throwIfAborted()
      newest = Math.max(newest, mtime)
    }
  } catch (error) {
    await ingest.abort()
    throw error
  }
  const { size } = ingest
  const diffId = await ingest.commit()
  emit({ ...event, current: size, total: size, done: true })
  const created = formatTime(options.created ?? newest)
  const { os, architecture, variant } = platform
  return await createImage(store, {
    config: {
      created,
      architecture,
      ...(variant !== undefined && { variant }),
      os,
      ...(run !== undefined && { config: run }),
      history: [{ created, comment: message }],
    },
    layers: [{ descriptor: { mediaType: mediaType.ociLayer, digest: diffId, size }, diffId }],
  })
}

/**
 * The format of times in configurations. Readers reject years after 9999, so later times become the
 * end of 9999.
 */
function formatTime(seconds: number): string {
  return new Date(Math.min(seconds, 253_402_300_799) * 1000).toISOString().replace('.000Z', 'Z')
}

/** Yields `bytes` and stores them in `ingest`. */
async function* recorded(bytes: Bytes, ingest: Ingest): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    await ingest.append(fromBuffer(chunk))
    yield chunk
  }
}
