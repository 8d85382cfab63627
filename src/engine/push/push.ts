import {
  type Digest,
  digestName,
  formatReference,
  type Platform,
  parsePlatform,
  parseReference,
  StrakeError,
} from '#oci'
import type { Lease } from '#records'
import { silent } from '#stream'
import { publishIndex } from '../content/publish-index.ts'
import type { Engine } from '../engine.ts'
import { absentPlatform, suitsPlatform } from '../image/find-image.ts'
import { targetOf } from '../image/find-target.ts'
import { type HeldTarget, holdImage, holdTarget } from '../image/hold-image.ts'
import { imageEvent } from '../image/image-events.ts'
import { rememberSource } from '../image/pull.ts'
import { type SendOptions, sendImage } from './send-image.ts'
import { sendIndex } from './send-index.ts'

export interface PushOptions extends SendOptions {
  /** Sends only this platform of an index: `os/architecture[/variant]`. */
  readonly platform?: string | undefined
  /** The image or index to send, by name, ID or digest. Default: the target of the name. */
  readonly source?: string | undefined
  /** Sends the manifest or index without pointing the tag at it. */
  readonly byDigest?: boolean | undefined
}

export interface Pushed {
  /** Canonical. */
  readonly name: string
  readonly tag: string
  /** The digest of the manifest in the registry. */
  readonly digest: Digest
  readonly mediaType: string
  /** Bytes of the manifest. */
  readonly size: number
}

/**
 * Sends an image, or an index with all its platforms, to the registry in its name. Layers
 * that Strake made are compressed during the push, once. Blobs that the registry already has,
 * in this repository or in one where they were seen, are not sent again. A tag moves only
 * after all its content was sent. Throws `NOT_FOUND`, `UNAUTHORIZED`, `DENIED`, `UNAVAILABLE`.
 */
export async function push(
  engine: Engine,
  text: string,
  options: PushOptions = {},
): Promise<Pushed> {
  const { emit = silent, signal } = options
  const reference = parseReference(text)
  if (reference.tag === undefined) {
    throw new StrakeError('INVALID', `Cannot push ${text}: a push needs a tag, not a digest`, {
      remedy: `strake tag ${text} ${reference.registry}/${reference.repository}:TAG, and push that`,
    })
  }
  const platform = options.platform === undefined ? undefined : parsePlatform(options.platform)
  engine.records.guardRoom()
  await using lease = await engine.records.leases.acquire({
    purpose: `push ${formatReference(reference)}`,
  })
  const { source = text, byDigest = false } = options
  const { found, opened, isPart } = await holdSent(engine, source, { lease, platform })
  emit({
    type: 'status',
    message: `The push refers to repository [${reference.registry}/${reference.repository}]`,
  })
  const registry = await engine.registry(reference.registry, emit)
  const repository = registry.repository(reference.repository)
  const destination = { repository, reference, copied: new Set<Digest>() }
  const [image] = opened
  const sent =
    found.isIndex || image === undefined
      ? await sendIndex(
          engine,
          { descriptor: found.descriptor, images: opened, text },
          destination,
          options,
        )
      : await sendImage(engine, image, destination, options)
  if (!byDigest) await repository.tag(reference.tag, sent, signal)
  const { records } = engine
  await records.write(() => {
    // One platform of an index gets no digest name: it is removed together with the index.
    if (!isPart) records.tags.set(digestName(reference, sent.digest), found.descriptor, 'push')
    records.events.append(imageEvent('push', found.id, formatReference(reference)))
  })
  await rememberSource(engine, reference, [sent])
  await publishIndex(engine)
  return {
    name: formatReference(reference),
    tag: reference.tag,
    digest: sent.digest,
    mediaType: sent.mediaType,
    size: sent.size,
  }
}

/** Returns what to send: the target of `text`, or its image for one platform. */
async function holdSent(
  engine: Engine,
  text: string,
  { lease, platform }: { readonly lease: Lease; readonly platform: Platform | undefined },
): Promise<HeldTarget & { readonly isPart: boolean }> {
  if (platform === undefined) {
    return { ...(await holdTarget(engine, text, lease)), isPart: false }
  }
  const held = await holdImage(engine, text, lease, platform)
  if (!suitsPlatform(held, platform)) {
    throw absentPlatform(held, { text, platform, verb: 'push' })
  }
  const found = targetOf(engine.records, held.image.digest)
  if (found === undefined) throw new StrakeError('NOT_FOUND', `Cannot push ${text}: it was removed`)
  return { found, opened: [held.opened], parts: [], isPart: held.index !== undefined }
}
