import { stat } from 'node:fs/promises'
import {
  collect,
  type DirectoryStore,
  ingestLifetime,
  type LocalStore,
  useResolution,
} from '#content'
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
   * The file systems that may be removed, for example those of a removed image. Others may
   * serve the next build. Default: all unreachable file systems.
   */
  readonly chains?: readonly Digest[]
}

/**
 * Removes every blob and file system that no name, container, cache record or lease
 * reaches. Removes nothing while the database is damaged. While a process pulls, builds or
 * loads, also keeps everything used since that process began, because that process may be
 * about to refer to it.
 */
export async function collectGarbage(
  engine: Engine,
  options: CollectOptions = {},
): Promise<Collected> {
  const { content } = engine
  await cleanAfterCrash(engine)
  if (!knowsEverything(engine)) return { blobs: [], chains: [], bytes: 0 }
  await content.sweep(ingestLifetime)
  const { digests, size } = await collectBlobs(engine, content)
  if (isBusy(engine)) return { blobs: digests, chains: [], bytes: size }
  const { chains, bytes } = await collectChains(engine, options.chains)
  return { blobs: digests, chains, bytes: size + bytes }
}

/**
 * Collects the parts of a removed image. Looks at every blob only if it was the last
 * image. Returns the removed file systems.
 */
export async function collectImage(engine: Engine, parts: ImageParts): Promise<readonly Digest[]> {
  const { content, records } = engine
  if (!knowsEverything(engine)) return []
  const isLast = records.images.list().length === 0
  await collectBlobs(engine, isLast ? content : onlyOf(content, parts.blobs))
  if (isBusy(engine)) return []
  const wanted = await wantedChains(engine, allKeepers(engine))
  const snapshots = await engine.snapshots()
  const unneeded: Digest[] = []
  for (const chainId of parts.chains.toReversed()) {
    if (!wanted.has(chainId) && (await snapshots.has(chainId))) unneeded.push(chainId)
  }
  if (isBusy(engine)) return []
  if (await removeChains(snapshots, unneeded)) return unneeded
  const left = await Promise.all(unneeded.map((chainId) => snapshots.has(chainId)))
  return unneeded.filter((_, index) => !left[index])
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

/** A view of a store that lists only `digests`. */
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

/** True while a process pulls, builds or loads: it may be about to refer to any file system. */
function isBusy({ records }: Engine): boolean {
  return records.leases.oldest() !== undefined
}

/** Removes children first, because a file system with children cannot be removed. */
async function collectChains(
  engine: Engine,
  candidates: readonly Digest[] | undefined,
): Promise<Pick<Collected, 'chains' | 'bytes'>> {
  const wanted = await wantedChains(engine, allKeepers(engine))
  const snapshots = await engine.snapshots()
  const all = await Array.fromAsync(snapshots.list())
  const keep = withParents(wanted, all)
  const depth = depthIn(all)
  const unneeded = all
    .filter(({ chainId }) => !keep.has(chainId))
    .filter(({ chainId }) => candidates === undefined || candidates.includes(chainId))
    .sort((a, b) => depth(b.chainId) - depth(a.chainId))
  const chains: Digest[] = []
  let bytes = 0
  for (const record of unneeded) {
    if (isBusy(engine)) break
    const own = ownArchive(engine, record)
    if (!(await removeChains(snapshots, [record.chainId]))) continue
    chains.push(record.chainId)
    bytes += record.size - (record.layer?.size ?? 0)
    // The archive stays if another file system or a blob uses it.
    if (own !== undefined && !pathExists(own)) bytes += record.layer?.size ?? 0
  }
  return { chains, bytes }
}

/** Returns the path of the layer's archive; `undefined` if it is absent or a blob shares its file. */
function ownArchive({ root }: Engine, { layer }: SnapshotRecord): string | undefined {
  const path = layer && layerArchive(root, layer.diffId)
  return path !== undefined && pathExists(path) && fileStatus(path).links === 1 ? path : undefined
}

/** Returns a function that counts the ancestors of a file system. */
function depthIn(all: readonly SnapshotRecord[]): (chainId: Digest) => number {
  const parents = new Map(all.map(({ chainId, parent }) => [chainId, parent]))
  return (chainId) => {
    let count = 0
    for (let at = parents.get(chainId) ?? null; at !== null; at = parents.get(at) ?? null) count++
    return count
  }
}

/** Removes file systems in order. Returns false if one has children or users: it and the rest stay. */
async function removeChains(snapshots: Snapshotter, chainIds: readonly Digest[]): Promise<boolean> {
  try {
    await snapshots.remove(...chainIds)
    return true
  } catch (error) {
    if (!isStrakeError(error, 'CONFLICT')) throw error
    return false
  }
}

/** Returns true for a blob that a repository of the embedded registry holds. */
export async function isServed(engine: Engine, digest: Digest): Promise<boolean> {
  if (!pathExists(`${engine.root}/registry`)) return false
  const facts = await engine.registryFacts()
  for await (const _ of facts.holders(digest)) return true
  return false
}
