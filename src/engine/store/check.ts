import { readdir } from 'node:fs/promises'
import { childrenOf, isDocument, readDocument } from '#content'
import { type Descriptor, type Digest, isStrakeError, mediaType } from '#oci'
import { pathExists } from '#platform'
import { setAsideDamaged } from '#records'
import { layerArchive } from '#snapshot'
import { decompress } from '#stream'
import { blobProblem, setAside } from '../content/check-blob.ts'
import { refetch } from '../content/refetch.ts'
import { type RestorableStore, restoreBlob } from '../content/restore-blob.ts'
import type { Engine } from '../engine.ts'
import { describeDamage, knowsEverything } from '../facts.ts'
import { checkContainers } from './check-containers.ts'
import type { CheckFinding } from './check-finding.ts'
import { checkLayout } from './check-layout.ts'
import { repairFacts } from './restore-facts.ts'

export interface CheckOptions {
  /** Rebuilds or fetches damaged content, and sets content aside that it cannot restore. */
  readonly repair?: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * Verifies the database, every blob, the content that names and images refer to, and every
 * layer and index. Other processes may use the store at the same time. Content that a
 * repair cannot restore is set aside, so that it is never used.
 */
export async function* checkStore(
  engine: Engine,
  options: CheckOptions = {},
): AsyncGenerator<CheckFinding> {
  if (!(yield* checkRecords(engine, options))) return
  await using _lease = await engine.records.leases.acquire({ purpose: 'check' })
  yield* checkLayout(engine, options.repair === true)
  const damaged = await findDamaged(engine, options)
  const needed = yield* checkImages(engine, damaged, options)
  for (const [digest, problem] of damaged) {
    if (needed.has(digest)) continue
    const finding = { subject: `blob ${digest}`, problem }
    if (options.repair !== true) yield { ...finding, state: 'damaged' }
    else yield { ...finding, state: 'healed', action: 'set aside: no image refers to it' }
  }
  yield* checkSnapshots(engine, options)
  yield* checkContainers(engine, options.repair === true)
  yield* checkLeftovers(engine)
}

/** Returns whether the database can be relied on for the rest of the check. */
async function* checkRecords(
  engine: Engine,
  { repair = false }: CheckOptions,
): AsyncGenerator<CheckFinding, boolean> {
  const { records } = engine
  const subject = 'database'
  const [inside] = records.verify()
  if (inside !== undefined) {
    if (!repair) yield { subject, problem: inside, state: 'damaged' }
    else {
      const action = `set aside as ${setAsideDamaged(records.path)}; run strake system check --repair again`
      yield { subject, problem: inside, state: 'healed', action }
    }
    return false
  }
  if (knowsEverything(engine)) return true
  const problem = describeDamage(engine) ?? 'it is damaged'
  if (!repair) yield { subject, problem, state: 'damaged' }
  else {
    const count = await repairFacts(engine)
    const action = `${count} ${count === 1 ? 'image' : 'images'} recorded again, without a name`
    yield { subject, problem, state: 'healed', action }
  }
  return true
}

/** Returns damaged blobs and their problems. With `repair`, also sets them aside. */
async function findDamaged(
  { content, root }: Engine,
  { repair = false, signal }: CheckOptions,
): Promise<ReadonlyMap<Digest, string>> {
  const damaged = new Map<Digest, string>()
  for await (const { digest } of content.list()) {
    signal?.throwIfAborted()
    const problem = await blobProblem(content.pathOf(digest), digest)
    if (problem === undefined) continue
    damaged.set(digest, problem)
    if (repair) setAside(root, content.pathOf(digest))
  }
  return damaged
}

/** Yields everything that names and images reach, with the name or image. Unreadable documents have no children. */
async function* referred(
  engine: Engine,
  damaged: ReadonlyMap<Digest, string>,
): AsyncGenerator<{ readonly descriptor: Descriptor; readonly by: string }> {
  const { records, content } = engine
  const pending = [
    ...records.tags.list().map(({ name, target }) => ({ descriptor: target, by: name })),
    ...records.images.list().map(({ imageId, digest, mediaType: type, size }) => ({
      descriptor: { digest, mediaType: type, size },
      by: `image ${imageId}`,
    })),
  ]
  const seen = new Set<Digest>()
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const { descriptor, by } = next
    if (seen.has(descriptor.digest)) continue
    seen.add(descriptor.digest)
    // The caller may repair the document during this yield, so it is checked afterwards.
    yield next
    if (!isDocument(descriptor)) continue
    const path = content.pathOf(descriptor.digest)
    if (damaged.has(descriptor.digest) && (await blobProblem(path, descriptor.digest))) continue
    try {
      const document = await readDocument(content, descriptor)
      // A store holds only the fetched platforms of a multi-platform image.
      const children = childrenOf(document).filter(
        (child) => document.parsed.kind === 'manifest' || pathExists(content.pathOf(child.digest)),
      )
      pending.push(...children.map((child) => ({ descriptor: child, by })))
    } catch (error) {
      if (!isStrakeError(error)) throw error
    }
  }
}

/** Yields problems of content that names and images reach. Returns the digests of all that content. */
async function* checkImages(
  engine: Engine,
  damaged: ReadonlyMap<Digest, string>,
  { repair = false, signal }: CheckOptions,
): AsyncGenerator<CheckFinding, ReadonlySet<Digest>> {
  const needed = new Set<Digest>()
  for await (const { descriptor, by } of referred(engine, damaged)) {
    signal?.throwIfAborted()
    const { digest } = descriptor
    needed.add(digest)
    const path = engine.content.pathOf(digest)
    const isThere = pathExists(path) || isDropped(engine, digest)
    const problem = damaged.get(digest) ?? (isThere ? undefined : 'it is missing')
    if (problem === undefined || isForeign(descriptor)) continue
    const finding = { subject: `blob ${digest} of ${by}`, problem }
    if (!repair) {
      yield { ...finding, state: 'damaged' }
      continue
    }
    const { action, reason } = await restoreBlob(stored(engine), descriptor, signal)
    if (action === undefined) yield { ...finding, state: 'lost', action: reason }
    else yield { ...finding, state: 'healed', action }
  }
  return needed
}

/** Restores into the store below, because the restoring store would restore by itself. */
function stored({ root, records, registry, content }: Engine): RestorableStore {
  return { root, records, registry, content: content.stored }
}

/** True for a compressed layer that a prune deleted. The check of snapshots verifies its archive. */
function isDropped({ records, root }: Engine, digest: Digest): boolean {
  const diffId = records.dropped.diffIdOf(digest)
  return diffId !== undefined && pathExists(layerArchive(root, diffId))
}

/** Foreign layers may be absent, because registries need not have them. */
function isForeign(descriptor: Descriptor): boolean {
  return descriptor.mediaType === mediaType.dockerForeignLayer
}

async function* checkSnapshots(
  engine: Engine,
  { repair = false, signal }: CheckOptions,
): AsyncGenerator<CheckFinding> {
  const snapshots = await engine.snapshots()
  const heal = (diffId: Digest): ReturnType<typeof archiveOf> => archiveOf(engine, diffId)
  const known = await layersOfImages(engine)
  yield* snapshots.verify({
    archiveOf: repair ? heal : undefined,
    known,
    signal,
  })
}

/** Returns the layers of every readable image. */
async function layersOfImages(engine: Engine): Promise<readonly (readonly Digest[])[]> {
  const lists: (readonly Digest[])[] = []
  for (const image of engine.records.images.list()) {
    try {
      lists.push((await engine.openImage(image)).config.rootfs.diff_ids)
    } catch (error) {
      if (!isStrakeError(error)) throw error
    }
  }
  return lists
}

/** Returns the archive of a layer from an undamaged blob: its path, or its decompressed bytes. */
async function archiveOf(
  engine: Engine,
  diffId: Digest,
): Promise<string | AsyncIterable<Uint8Array> | undefined> {
  const { content, records } = engine
  const path = content.pathOf(diffId)
  if (pathExists(path) && (await blobProblem(path, diffId)) === undefined) return path
  for (const compressed of records.layers.compressedOf(diffId)) {
    const other = content.pathOf(compressed.digest)
    // Fetched, because the archive from which it would be restored is damaged.
    if (records.dropped.diffIdOf(compressed.digest) !== undefined && !pathExists(other)) {
      await refetch(stored(engine), compressed)
    }
    if ((await blobProblem(other, compressed.digest)) !== undefined) continue
    return decompress(content.read(compressed))
  }
  return undefined
}

async function* checkLeftovers({ root }: Engine): AsyncGenerator<CheckFinding> {
  for (const folder of ['trash', 'staging']) {
    const path = `${root}/${folder}`
    const { length } = pathExists(path) ? await readdir(path) : []
    if (length === 0) continue
    const problem = `${length} ${length === 1 ? 'entry is' : 'entries are'} being removed or created`
    yield {
      subject: folder,
      problem,
      state: 'leftover',
      action: 'strake system cleanup removes them',
    }
  }
}
