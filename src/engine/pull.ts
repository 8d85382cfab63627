import { copy } from '#content'
import {
  type Digest,
  familiarReference,
  formatReference,
  normalizePlatform,
  parsePlatform,
  parseReference,
  type Reference,
} from '#oci'
import { hostPlatform } from '#platform'
import { type Emit, silent } from '#stream'
import { recordImage } from './add-image.ts'
import { publishIndex } from './content-index.ts'
import type { Engine } from './engine.ts'
import { digestName } from './find-image.ts'
import { unpack } from './unpack.ts'

export interface PullOptions {
  /** `os/architecture[/variant]`; this machine unless given. */
  readonly platform?: string
  readonly emit?: Emit
  readonly signal?: AbortSignal
}

export interface Pulled {
  /** Canonical. */
  readonly name: string
  /** As people write it. */
  readonly familiarName: string
  /** What the name meant in the registry: a manifest or an index. */
  readonly digest: Digest
  readonly imageId: Digest
  /** True when nothing had to be fetched and the name did not move. */
  readonly upToDate: boolean
}

/**
 * Fetches an image and makes it ready to run. Of a multi-platform image only
 * one platform is fetched. Throws `MANIFEST_UNKNOWN`, `UNAUTHORIZED`,
 * `UNAVAILABLE`, `ContentMismatchError`; then the name means what it meant before.
 */
export async function pull(
  engine: Engine,
  text: string,
  options: PullOptions = {},
): Promise<Pulled> {
  const { emit = silent, signal } = options
  const reference = parseReference(text)
  const name = formatReference(reference)
  const platform = options.platform === undefined ? hostPlatform() : parsePlatform(options.platform)
  const registry = await engine.registry(reference.registry)
  const source = registry.repository(reference.repository)
  using lease = engine.records.leases.acquire({ purpose: `pull ${name}` })
  emit({ type: 'status', message: describeSource(reference) })
  const root = await source.resolve(reference.digest ?? reference.tag ?? 'latest', signal)
  lease.hold(root.digest)
  const before = engine.records.tags.get(name)?.target.digest
  const manifest = await copy(source, engine.content, root, {
    platform: normalizePlatform(platform),
    emit,
    ...(signal === undefined ? {} : { signal }),
  })
  const image = await engine.openImage(manifest)
  await unpack(engine, image, {
    emit,
    ...(signal === undefined ? {} : { signal }),
  })
  recordImage(engine, image, [
    { name, by: 'pull' },
    { name: digestName(reference, root.digest), by: 'pull' },
  ])
  rememberSource(engine, reference, [
    image.descriptor,
    ...image.layers.map((layer) => layer.descriptor),
  ])
  publishIndex(engine)
  return {
    name,
    familiarName: familiarReference(reference),
    digest: root.digest,
    imageId: image.imageId,
    upToDate: before === manifest.digest,
  }
}

function describeSource(reference: Reference): string {
  const name = `${reference.registry}/${reference.repository}`
  return `${reference.digest ?? reference.tag ?? 'latest'}: Pulling from ${name}`
}

/** Where blobs were seen, so that a push to the same registry mounts them instead. */
export function rememberSource(
  { records }: Engine,
  { registry, repository }: Reference,
  blobs: readonly { readonly digest: Digest }[],
): void {
  records.transaction(() => {
    for (const { digest } of blobs) records.sources.remember(digest, registry, repository)
  })
}
