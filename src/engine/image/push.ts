import { copy } from '#content'
import { compressImage } from '#image'
import {
  type Descriptor,
  type Digest,
  digestName,
  formatReference,
  parseReference,
  StrakeError,
} from '#oci'
import { type Emit, silent } from '#stream'
import { publishIndex } from '../content/publish-index.ts'
import type { Engine } from '../engine.ts'
import { holdImage } from './hold-image.ts'
import { imageEvent } from './image-events.ts'
import { rememberSource } from './pull.ts'

export interface PushOptions {
  /** The compression of layers that are not compressed yet. Default: gzip, which every tool reads. */
  readonly compression?: 'gzip' | 'zstd'
  readonly emit?: Emit
  readonly signal?: AbortSignal
}

export interface Pushed {
  /** Canonical. */
  readonly name: string
  readonly tag: string
  /** The digest of the manifest in the registry. */
  readonly digest: Digest
  /** Bytes of the manifest. */
  readonly size: number
}

/**
 * Sends an image to the registry in its name. Compresses uncompressed layers, each once.
 * Does not send blobs that the repository has, or that another repository of the registry
 * is known to have. Moves the tag after all content has arrived. Throws `NOT_FOUND`,
 * `UNAUTHORIZED`, `DENIED`, `UNAVAILABLE`.
 */
export async function push(
  engine: Engine,
  text: string,
  options: PushOptions = {},
): Promise<Pushed> {
  const { compression = 'gzip', emit = silent, signal } = options
  const reference = parseReference(text)
  if (reference.tag === undefined) {
    throw new StrakeError('INVALID', `Cannot push ${text}: a push needs a tag, not a digest`, {
      remedy: `strake tag ${text} ${reference.registry}/${reference.repository}:TAG, and push that`,
    })
  }
  engine.records.guardRoom()
  await using lease = await engine.records.leases.acquire({
    purpose: `push ${formatReference(reference)}`,
  })
  const { image: record, opened: image } = await holdImage(engine, text, lease)
  emit({
    type: 'status',
    message: `The push refers to repository [${reference.registry}/${reference.repository}]`,
  })
  const registry = await engine.registry(reference.registry, emit)
  const target = registry.repository(reference.repository)
  const copied = new Set<Digest>()
  const copyOptions = {
    action: 'upload',
    concurrency: 5,
    mountFrom: (blob: Descriptor) => otherRepository(engine, reference, blob),
    emit,
  } as const
  const sent = await compressImage(image, engine.content, engine.records, {
    compression,
    // Sends a layer while others are compressed.
    onLayer: async ({ descriptor, diffId, isNew }, stop) => {
      if (copied.has(descriptor.digest)) return
      copied.add(descriptor.digest)
      await copy(engine.content, target, descriptor, {
        ...copyOptions,
        alreadyVerified: isNew,
        // The progress of its compression used this ID, because there was no digest yet.
        emit: (event) => emit(event.type === 'transfer' ? { ...event, id: diffId } : event),
        signal: stop,
      })
    },
    emit,
    ...(signal === undefined ? {} : { signal }),
  })
  await copy(engine.content, target, sent, {
    ...copyOptions,
    copied,
    ...(signal === undefined ? {} : { signal }),
  })
  await target.tag(reference.tag, sent, signal)
  const { records } = engine
  await records.write(() => {
    records.tags.set(digestName(reference, sent.digest), record, 'push')
    records.events.append(imageEvent('push', record.imageId, formatReference(reference)))
  })
  await rememberSource(engine, reference, [sent])
  await publishIndex(engine)
  return {
    name: formatReference(reference),
    tag: reference.tag,
    digest: sent.digest,
    size: sent.size,
  }
}

/** Returns another repository of the same registry that is known to have the blob. */
function otherRepository(
  engine: Engine,
  { registry, repository }: { readonly registry: string; readonly repository: string },
  { digest }: Descriptor,
): string | undefined {
  return engine.records.sources
    .of(digest)
    .find((source) => source.registry === registry && source.repository !== repository)?.repository
}
