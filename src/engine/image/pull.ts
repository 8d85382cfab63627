import { type ContentSource, rememberDocuments } from '#content'
import type { Image } from '#image'
import {
  type Descriptor,
  type Digest,
  digestName,
  familiarReference,
  formatReference,
  isIndexType,
  parseReference,
  type Reference,
  recordedName,
  StrakeError,
  toImageName,
} from '#oci'
import { type Emit, silent } from '#stream'
import { beginWork } from '../begin-work.ts'
import { publishIndex } from '../content/publish-index.ts'
import type { Engine } from '../engine.ts'
import { isWholeId, targetOf } from './find-target.ts'
import { openFirst, type PlatformChoice, receiveOthers, wantedPlatforms } from './pull-platforms.ts'
import { receiveImage } from './receive-image.ts'
import { recordImage } from './record-image.ts'
import { openIndex, recordIndex, type StoredIndex } from './record-index.ts'

export interface PullOptions extends PlatformChoice {
  /**
   * Keeps the images for other platforms that the name means: where the registry has an index
   * with them, the name then means that index. Otherwise it means the pulled image alone.
   */
  readonly keepsPlatforms?: boolean | undefined
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Pulled {
  /** Canonical. */
  readonly name: string
  /** In familiar form: `debian:12`. */
  readonly familiarName: string
  /** The digest of the manifest or index that the name points to in the registry. */
  readonly digest: Digest
  readonly imageId: Digest
  /** The manifest for the platform. */
  readonly manifest: Descriptor
  /** The name pointed to this image before. */
  readonly upToDate: boolean
}

/**
 * Fetches an image, one platform of a multi-platform image, and makes it ready to run.
 * Throws `MANIFEST_UNKNOWN`, `UNAUTHORIZED`, `UNAVAILABLE`, `ContentMismatchError`. After
 * an error the name points to the same image as before.
 */
export async function pull(
  engine: Engine,
  text: string,
  options: PullOptions = {},
): Promise<Pulled> {
  const { emit = silent, signal } = options
  if (isWholeId(text)) {
    throw new StrakeError(
      'NOT_FOUND',
      `Cannot pull ${text}: a registry cannot find an image by its ID`,
    )
  }
  const reference = parseReference(text)
  const name =
    reference.digest === undefined
      ? toImageName(reference, text)
      : recordedName(formatReference(reference))
  const wanted = wantedPlatforms(options)
  const registry = await engine.registry(reference.registry, emit)
  const repository = registry.repository(reference.repository)
  await using lease = await beginWork(engine, `pull ${name}`)
  emit({ type: 'status', message: describeSource(reference) })
  const root = await repository.resolve(reference.digest ?? reference.tag ?? 'latest', signal)
  await lease.hold(root.digest)
  const source = rememberDocuments(repository)
  const before = engine.records.tags.get(name)?.target.digest
  const near = nearest(engine.content, source)
  const image = await openFirst(near, root, wanted, signal)
  await receiveImage(engine, source, image, { emit, lease, signal })
  const named = { names: [name, digestName(reference, root.digest)], by: 'pull' } as const
  const parts = { root, image, name, signal }
  const index =
    wanted.length !== 1 && isIndexType(root.mediaType)
      ? await receiveOthers(engine, { near, source }, wanted, { ...parts, emit })
      : options.keepsPlatforms
        ? await widerIndex(engine, source, parts)
        : undefined
  if (index === undefined) await recordImage(engine, image, named)
  else await recordIndex(engine, index, named)
  await rememberSource(engine, reference, [
    image.descriptor,
    ...image.layers.map((layer) => layer.descriptor),
  ])
  await publishIndex(engine)
  return {
    name,
    familiarName: familiarReference(reference),
    digest: root.digest,
    imageId: image.imageId,
    manifest: image.descriptor,
    upToDate: before === (index?.descriptor ?? image.descriptor).digest,
  }
}

interface Pulling {
  /** What the name means in the registry. */
  readonly root: Descriptor
  readonly image: Image
  readonly name: string
  readonly signal: AbortSignal | undefined
}

/**
 * Stores the index when it has images of the name for other platforms. Returns it with all
 * images.
 */
async function widerIndex(
  engine: Engine,
  source: ContentSource,
  { root, image, name, signal }: Pulling,
): Promise<StoredIndex | undefined> {
  // Read only now: another pull for the same build may have named its platform during this one.
  const current = engine.records.tags.get(name)?.target.digest
  if (!isIndexType(root.mediaType) || current === undefined) return undefined
  const known = targetOf(engine.records, current)?.images ?? []
  const others = new Set<Digest>(known.map(({ digest }) => digest))
  const cancel = signal === undefined ? {} : { signal }
  await engine.content.write(root, source.read(root, cancel), cancel)
  const { images } = await openIndex(engine, root)
  const { digest } = image.descriptor
  const kept = images.filter((each) => {
    const own = each.descriptor.digest
    return own === digest || others.has(own)
  })
  return kept.length > 1 ? { descriptor: root, images: kept } : undefined
}

/** Reads content from `near` if it is there, else from `far`. */
function nearest(near: ContentSource, far: ContentSource): ContentSource {
  return {
    has: async (target, signal) =>
      (await near.has(target, signal)) || (await far.has(target, signal)),
    async *read(target, options) {
      const source = (await near.has(target, options?.signal)) ? near : far
      yield* source.read(target, options)
    },
  }
}

function describeSource(reference: Reference): string {
  const name = `${reference.registry}/${reference.repository}`
  return `${reference.digest ?? reference.tag ?? 'latest'}: Pulling from ${name}`
}

/** Records that a repository has blobs, so that a push to the same registry mounts them. */
export async function rememberSource(
  { records }: Engine,
  { registry, repository }: Reference,
  blobs: readonly { readonly digest: Digest }[],
): Promise<void> {
  await records.write(() => {
    for (const { digest } of blobs) records.sources.remember(digest, registry, repository)
  })
}
