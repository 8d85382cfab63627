import { readSettings } from '#container'
import { chainIds, type Descriptor, type Digest, isDigest, isStrakeError } from '#oci'
import type { ImageRecord } from '#records'
import type { SnapshotRecord } from '#snapshot'
import type { Engine } from '../engine.ts'

/** The images and caches whose content is kept. Containers and leases also keep content. */
export interface Keepers {
  readonly images: readonly ImageRecord[]
  /** Whether the build cache keeps content. */
  readonly cache: boolean
}

/** Every image, and the build cache. */
export function allKeepers({ records }: Engine): Keepers {
  return { images: records.images.list(), cache: true }
}

/** Returns the roots of a collection: manifests of images, targets of names, and digests in the build cache. */
export function blobRoots(engine: Engine, { images, cache }: Keepers): Descriptor[] {
  const { records } = engine
  const kept = new Set(images.map(({ digest }) => digest))
  const known = new Set(records.images.list().map(({ digest }) => digest))
  // A name may point to a manifest that is not a recorded image.
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
  // Leases are read first and last. A command writes its record before it ends its lease, so a
  // lease that ends in between has left a record. A command that reads an image acquires its
  // hold while the image is still recorded, so the second reading finds that hold.
  const chains = leases.held()
  if (cache) for (const digest of cachedDigests(engine)) chains.add(digest)
  for (const record of engine.records.containers.list()) {
    const { image, mounts } = readSettings(record)
    if (image.chainId !== null) chains.add(image.chainId)
    for (const { image: mounted } of mounts) if (mounted !== undefined) chains.add(mounted.chainId)
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
    // A damaged image must not block the collection of other content.
    if (!isStrakeError(error)) throw error
    return []
  }
}

/** Returns `wanted` and all ancestors of these file systems. */
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

/** Returns every digest in a JSON value at any depth. A cache record needs the content of all its digests. */
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
