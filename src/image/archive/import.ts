import type { ContentStore, Ingest } from '#content'
import { mediaType, type Platform, type RunConfig } from '#oci'
import { decodeWithProgram, hostPlatform } from '#platform'
import { type Bytes, counted, decompress, type Emit, fromBuffer, silent } from '#stream'
import { readTar } from '#tar'
import { createImage } from '../create.ts'
import type { Image } from '../image.ts'

export interface ImportTarOptions {
  /** What `--change` instructions said. */
  readonly run?: RunConfig | undefined
  /** `-m`; kept in the history. */
  readonly message?: string | undefined
  /** This machine's unless given. */
  readonly platform?: Platform | undefined
  /** Seconds since 1970; the newest file's time unless given, so equal archives make equal images. */
  readonly created?: number | undefined
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Makes an image of one layer from the archive of a root filesystem, compressed
 * or not. The archive becomes the layer byte for byte; one that cannot be read
 * as an archive throws `INVALID` and leaves nothing.
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

/** As configurations write it; a time beyond the year 9999, which no reader takes, becomes its end. */
function formatTime(seconds: number): string {
  return new Date(Math.min(seconds, 253_402_300_799) * 1000).toISOString().replace('.000Z', 'Z')
}

/** Passes bytes through and keeps them in `ingest`. */
async function* recorded(bytes: Bytes, ingest: Ingest): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    await ingest.append(fromBuffer(chunk))
    yield chunk
  }
}
