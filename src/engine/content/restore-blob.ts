import { linkSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DirectoryStore } from '#content'
import { type Descriptor, type Digest, layerCompression } from '#oci'
import { pathExists, syncDirectory } from '#platform'
import { layerArchive } from '#snapshot'
import type { Engine } from '../engine.ts'
import { blobProblem } from './check-blob.ts'
import { tryPublishIndex } from './publish-index.ts'
import { refetch } from './refetch.ts'
import type { Restored } from './restoring-store.ts'

/** A store that does not restore dropped content by itself, and the registries to fetch from. */
export interface RestorableStore extends Pick<Engine, 'root' | 'records' | 'registry'> {
  readonly content: DirectoryStore
}

/**
 * Restores absent content: a layer from its archive if that gives the same bytes, other
 * content from a repository that had it.
 */
export async function restoreBlob(
  engine: RestorableStore,
  descriptor: Descriptor,
  signal?: AbortSignal,
): Promise<Restored> {
  const isMade = await fromArchive(engine, descriptor, signal)
  const { source, reason } = isMade
    ? { source: undefined, reason: '' }
    : await refetch(engine, descriptor, signal)
  if (!isMade && source === undefined) return { reason }
  await engine.records.write(() => engine.records.dropped.remove(descriptor.digest))
  // Other programs can read the image again.
  await tryPublishIndex(engine)
  return { action: isMade ? 'made again from its layer' : `fetched again from ${source}`, reason }
}

async function fromArchive(
  { root, content, records }: Omit<RestorableStore, 'registry'>,
  blob: Descriptor,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { digest } = blob
  const compressed = records.dropped.diffIdOf(digest) ?? records.layers.diffIdOf(digest)
  const diffId: Digest = compressed ?? digest
  const archive = layerArchive(root, diffId)
  if (!pathExists(archive) || (await blobProblem(archive, diffId)) !== undefined) return false
  if (digest === diffId) {
    // Blob and archive share one file.
    linkSync(archive, content.pathOf(digest))
    await syncDirectory(dirname(content.pathOf(digest)))
    return true
  }
  const compression = layerCompression(blob.mediaType)
  if (compression === 'none') return false
  const { recompress } = await import('./recompress.ts')
  const ingest = () => content.ingest()
  const layer = { diffId, archive, compression, ingest, signal }
  const made = await recompress(records, layer)
  if (made === digest) return true
  if (made !== undefined) await content.delete({ ...blob, digest: made })
  return false
}
