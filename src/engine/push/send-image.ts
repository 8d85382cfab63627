import { copy } from '#content'
import { compressImage, type Image } from '#image'
import { type Descriptor, type Digest, type Layer, layerCompression, type Reference } from '#oci'
import type { Repository } from '#registry'
import { type Emit, silent } from '#stream'
import type { Engine } from '../engine.ts'

export interface SendOptions {
  /**
   * Compression of layers that are not compressed yet. Default: gzip, which every registry
   * reads.
   */
  readonly compression?: 'uncompressed' | 'gzip' | 'zstd' | undefined
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}

/** Where images go. */
export interface Destination {
  readonly repository: Repository
  readonly reference: Reference
  /** Digests of content that was sent already. Sends add to it. */
  readonly copied: Set<Digest>
}

/**
 * Sends an image without naming it, and returns the manifest that was sent: the image's own,
 * or one with compressed layers. Layers are sent while others are compressed.
 */
export async function sendImage(
  engine: Engine,
  image: Image,
  destination: Destination,
  options: SendOptions,
): Promise<Descriptor> {
  const { compression = 'gzip', emit = silent, signal } = options
  const { repository, copied } = destination
  if (compression !== 'uncompressed' && image.layers.some(isPlain)) {
    await sendConfig(engine, image, destination, signal)
  }
  const sent = await compressImage(image, engine.content, engine.records, {
    compression,
    onLayer: async ({ descriptor, diffId, isNew }, stop) => {
      if (copied.has(descriptor.digest)) return
      copied.add(descriptor.digest)
      await copy(engine.content, repository, descriptor, {
        ...transferOptions(engine, destination),
        alreadyVerified: isNew,
        // The progress of its compression used this ID, because there was no digest yet.
        emit: (event) => emit(event.type === 'transfer' ? { ...event, id: diffId } : event),
        signal: stop,
      })
    },
    emit,
    signal,
  })
  await sendGraph(engine, sent, destination, options)
  return sent
}

function isPlain({ descriptor }: Layer): boolean {
  return layerCompression(descriptor.mediaType) === 'none'
}

/**
 * Sends the configuration, which compression does not change. A registry that does not answer or
 * refuses the credentials fails the push here, before minutes of compression.
 */
async function sendConfig(
  engine: Engine,
  { manifest: { config } }: Image,
  destination: Destination,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { repository, copied } = destination
  if (copied.has(config.digest)) return
  await copy(engine.content, repository, config, {
    ...transferOptions(engine, destination),
    signal,
  })
  copied.add(config.digest)
}

/** Sends a manifest or index as it is, with everything below it that was not sent yet. */
export async function sendGraph(
  engine: Engine,
  root: Descriptor,
  destination: Destination,
  { emit = silent, signal }: SendOptions,
): Promise<void> {
  await copy(engine.content, destination.repository, root, {
    ...transferOptions(engine, destination),
    emit,
    copied: destination.copied,
    signal,
  })
}

function transferOptions(engine: Engine, { reference }: Destination) {
  return {
    action: 'upload',
    concurrency: 5,
    mountFrom: (blob: Descriptor) => otherRepository(engine, reference, blob),
  } as const
}

/** Returns another repository of the same registry that is known to have the blob. */
export function otherRepository(
  engine: Engine,
  { registry, repository }: { readonly registry: string; readonly repository: string },
  { digest }: Descriptor,
): string | undefined {
  return engine.records.sources
    .of(digest)
    .find((source) => source.registry === registry && source.repository !== repository)?.repository
}
