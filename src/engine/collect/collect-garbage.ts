import { stat } from 'node:fs/promises'
import { collect, type DirectoryStore, type LocalStore, useResolution } from '#content'
import { type Digest, isStrakeError } from '#oci'
import { fileStatus, ignoreAbsent, pathExists } from '#platform'
import { layerArchive, type SnapshotRecord, type Snapshotter } from '#snapshot'
import { cleanAfterCrash } from '../begin-work.ts'
import type { Engine } from '../engine.ts'
import { knowsEverything } from '../facts.ts'
import type { ImageParts } from './image-parts.ts'
import { allKeepers, blobRoots, wantedChains, withParents } from './reachable.ts'

/** What a collection removed. */
export interface Collected {
  readonly blobs: readonly Digest[]
  /** File systems, by chain ID. */
  readonly chains: readonly Digest[]
  /** Bytes freed. */
  readonly bytes: number
}

export interface CollectOptions {
  /**
   * Of the file systems only these, such as those of an image that was removed: others may serve
   * the next build. Every one that nothing reaches, unless given.
   */
  readonly chains?: readonly Digest[]
}

/**
 * Removes every blob and file system that no name, container, cache record or
 * lease reaches; nothing while it is not known what they are. While a process pulls,
 * builds or loads, what was used since it began stays as well: it may be about to refer
 * to it.
 */
export async function collectGarbage(
  engine: Engine,
  options: CollectOptions = {},
): Promise<Collected> {
  const { content } = engine
  await cleanAfterCrash(engine)
  if (!knowsEverything(engine)) return { blobs: [], chains: [], bytes: 0 }
  await content.sweep(24 * 60 * 60 * 1000)
  const { digests, size } = await collectBlobs(engine, content)
  if (isBusy(engine)) return { blobs: digests, chains: [], bytes: size }
  const { chains, bytes } = await collectChains(engine, options.chains)
  return { blobs: digests, chains, bytes: size + bytes }
}

/**
 * The same for an image that was removed: looks at its parts alone, whatever
 * else the store holds, and at every blob only when it was the last image. Says
 * which file systems went.
 */
export async function collectImage(engine: Engine, parts: ImageParts): Promise<readonly Digest[]> {
  const { content, records } = engine
  if (!knowsEverything(engine)) return []
  const isLast = records.images.list().length === 0
  await collectBlobs(engine, isLast ? content : onlyOf(content, parts.blobs))
  if (isBusy(engine)) return []
  const wanted = await wantedChains(engine, allKeepers(engine))
  const snapshots = await engine.snapshots()
  const doomed: Digest[] = []
  for (const chainId of parts.chains.toReversed()) {
    if (!wanted.has(chainId) && (await snapshots.has(chainId))) doomed.push(chainId)
  }
  if (isBusy(engine)) return []
  if (await removeChains(snapshots, doomed)) return doomed
  const left = await Promise.all(doomed.map((chainId) => snapshots.has(chainId)))
  return doomed.filter((_, index) => !left[index])
}

async function collectBlobs(
  engine: Engine,
  content: LocalStore,
): Promise<{ readonly digests: readonly Digest[]; readonly size: number }> {
  const { records } = engine
  const { digests, size } = await collect(content, () => blobRoots(engine, allKeepers(engine)), {
    isHeld: async ({ digest, usedAt }) => {
      const since = records.leases.oldest()
      if (since !== undefined && usedAt >= since - useResolution) return true
      return records.leases.isHeld(digest) || (await isServed(engine, digest))
    },
  })
  if (digests.length > 0) {
    await records.write(() => {
      for (const digest of digests) records.layers.unlink(digest)
    })
  }
  return { digests, size }
}

/** A store as if it held nothing but these. */
function onlyOf(content: DirectoryStore, digests: readonly Digest[]): LocalStore {
  return {
    has: (target) => content.has(target),
    read: (target, options) => content.read(target, options),
    write: (expected, bytes, options) => content.write(expected, bytes, options),
    ingest: (options) => content.ingest(options),
    delete: (target) => content.delete(target),
    deleteUnless: (digest, isNeeded) => content.deleteUnless(digest, isNeeded),
    async *list() {
      for (const digest of digests) {
        const found = await stat(content.pathOf(digest)).catch(ignoreAbsent)
        if (found !== undefined)
          yield { digest, size: found.size, links: found.nlink, usedAt: found.mtimeMs }
      }
    },
  }
}

/** Somebody pulls, builds or loads, and may be about to refer to any file system. */
function isBusy({ records }: Engine): boolean {
  return records.leases.oldest() !== undefined
}

/** Children first: a file system that another stands on cannot go. */
async function collectChains(
  engine: Engine,
  candidates: readonly Digest[] | undefined,
): Promise<Pick<Collected, 'chains' | 'bytes'>> {
  const wanted = await wantedChains(engine, allKeepers(engine))
  const snapshots = await engine.snapshots()
  const all = await Array.fromAsync(snapshots.list())
  const keep = withParents(wanted, all)
  const depth = depthIn(all)
  const doomed = all
    .filter(({ chainId }) => !keep.has(chainId))
    .filter(({ chainId }) => candidates === undefined || candidates.includes(chainId))
    .sort((a, b) => depth(b.chainId) - depth(a.chainId))
  const chains: Digest[] = []
  let bytes = 0
  for (const record of doomed) {
    if (isBusy(engine)) break
    const own = ownArchive(engine, record)
    if (!(await removeChains(snapshots, [record.chainId]))) continue
    chains.push(record.chainId)
    bytes += record.size - (record.layer?.size ?? 0)
    // Another file system or a blob may keep the archive.
    if (own !== undefined && !pathExists(own)) bytes += record.layer?.size ?? 0
  }
  return { chains, bytes }
}

/** The path of a layer's archive that no blob shares; `undefined` when one does or there is none. */
function ownArchive({ root }: Engine, { layer }: SnapshotRecord): string | undefined {
  const path = layer && layerArchive(root, layer.diffId)
  return path !== undefined && pathExists(path) && fileStatus(path).links === 1 ? path : undefined
}

/** Returns how many file systems one stands on. */
function depthIn(all: readonly SnapshotRecord[]): (chainId: Digest) => number {
  const parents = new Map(all.map(({ chainId, parent }) => [chainId, parent]))
  return (chainId) => {
    let count = 0
    for (let at = parents.get(chainId) ?? null; at !== null; at = parents.get(at) ?? null) count++
    return count
  }
}

/** False when something stands on one of them or uses it: it and those after it stay. */
async function removeChains(snapshots: Snapshotter, chainIds: readonly Digest[]): Promise<boolean> {
  try {
    await snapshots.remove(...chainIds)
    return true
  } catch (error) {
    if (!isStrakeError(error, 'CONFLICT')) throw error
    return false
  }
}

/** True for a blob that a repository of the embedded registry holds. */
export async function isServed(engine: Engine, digest: Digest): Promise<boolean> {
  if (!pathExists(`${engine.root}/registry`)) return false
  const facts = await engine.registryFacts()
  for await (const _ of facts.holders(digest)) return true
  return false
}
