import { type ContentSource, rememberDocuments } from '#content'
import { openImage } from '#image'
import {
  type Digest,
  digestName,
  familiarReference,
  formatReference,
  normalizePlatform,
  parsePlatform,
  parseReference,
  type Reference,
  recordedName,
  StrakeError,
  toImageName,
} from '#oci'
import { hostPlatform } from '#platform'
import { type Emit, silent } from '#stream'
import { beginWork } from '../begin-work.ts'
import { publishIndex } from '../content/publish-index.ts'
import type { Engine } from '../engine.ts'
import { isWholeId } from './find-image.ts'
import { receiveImage } from './receive-image.ts'
import { recordImage } from './record-image.ts'

export interface PullOptions {
  /** `os/architecture[/variant]`. Default: this machine. */
  readonly platform?: string | undefined
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
  const platform = options.platform === undefined ? hostPlatform() : parsePlatform(options.platform)
  const registry = await engine.registry(reference.registry, emit)
  const repository = registry.repository(reference.repository)
  await using lease = await beginWork(engine, `pull ${name}`)
  emit({ type: 'status', message: describeSource(reference) })
  const root = await repository.resolve(reference.digest ?? reference.tag ?? 'latest', signal)
  await lease.hold(root.digest)
  const source = rememberDocuments(repository)
  const before = engine.records.tags.get(name)?.target.digest
  const image = await openImage(
    nearest(engine.content, source),
    root,
    normalizePlatform(platform),
    signal,
  )
  await receiveImage(engine, source, image, { emit, lease, signal })
  await recordImage(engine, image, {
    names: [name, digestName(reference, root.digest)],
    by: 'pull',
  })
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
    upToDate: before === image.descriptor.digest,
  }
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
