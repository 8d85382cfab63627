import { readSettings } from '#container'
import { chainIds, type Descriptor, type Digest, isDigest, isStrakeError } from '#oci'
import type { ImageRecord } from '#records'
import type { SnapshotRecord } from '#snapshot'
import type { Engine } from '../engine.ts'

/** What keeps content besides containers and leases. */
export interface Keepers {
  readonly images: readonly ImageRecord[]
  /** Whether what builds remember keeps content. */
  readonly cache: boolean
}

/** Every image, and the build cache. */
export function allKeepers({ records }: Engine): Keepers {
  return { images: records.images.list(), cache: true }
}

/** Returns the blobs that content is kept for: manifests, what names mean, and what builds remember. */
export function blobRoots(engine: Engine, { images, cache }: Keepers): Descriptor[] {
  const { records } = engine
  const kept = new Set(images.map(({ digest }) => digest))
  const known = new Set(records.images.list().map(({ digest }) => digest))
  // A name may mean a manifest that is no recorded image.
  const named = records.tags
    .list()
    .filter(({ target }) => kept.has(target.digest) || !known.has(target.digest))
  return [
    ...named.map(({ target }) => target),
    ...images.map(({ digest, mediaType, size }) => ({ mediaType, digest, size })),
    ...[...(cache ? cachedDigests(engine) : [])].map(asRoot),
  ]
}

/** Returns the file systems that a container, an image or the build cache refers to. */
export async function wantedChains(
  engine: Engine,
  { images, cache }: Keepers,
): Promise<ReadonlySet<Digest>> {
  const { leases } = engine.records
  // Work ends its hold after it has made a record, and a reader of an image holds what it found
  // before the image may go. So holders are asked for before all else and after it.
  const chains = leases.held()
  if (cache) for (const digest of cachedDigests(engine)) chains.add(digest)
  for (const record of engine.records.containers.list()) {
    const { chainId } = readSettings(record).image
    if (chainId !== null) chains.add(chainId)
  }
  for (const image of images) {
    for (const chainId of await chainsOf(engine, image)) chains.add(chainId)
  }
  for (const held of leases.held()) chains.add(held)
  return chains
}

/** Returns the file systems of an image, lowest first; none of a damaged image, which keeps nothing. */
export async function chainsOf(engine: Engine, image: ImageRecord): Promise<readonly Digest[]> {
  try {
    const { config } = await engine.openImage(image)
    return chainIds(config.rootfs.diff_ids)
  } catch (error) {
    // It must not keep the content of others from being collected.
    if (!isStrakeError(error)) throw error
    return []
  }
}

/** Returns `wanted` and every file system that one of them stands on. */
export function withParents(
  wanted: Iterable<Digest>,
  all: readonly SnapshotRecord[],
): ReadonlySet<Digest> {
  const parents = new Map(all.map(({ chainId, parent }) => [chainId, parent]))
  const keep = new Set<Digest>()
  for (const chainId of wanted) {
    let at: Digest | null = chainId
    while (at !== null && !keep.has(at)) {
      keep.add(at)
      at = parents.get(at) ?? null
    }
  }
  return keep
}

function cachedDigests({ records }: Engine): Set<Digest> {
  return digestsIn(records.cache.list().map(({ value }) => value))
}

/** Returns every digest in a JSON value, however deep: what a build remembers, it needs. */
function digestsIn(value: unknown, found: Set<Digest> = new Set()): Set<Digest> {
  if (typeof value === 'string') {
    if (isDigest(value)) found.add(value)
  } else if (typeof value === 'object' && value !== null) {
    for (const child of Object.values(value)) digestsIn(child, found)
  }
  return found
}

function asRoot(digest: Digest): Descriptor {
  return { mediaType: 'application/octet-stream', digest, size: 0 }
}
