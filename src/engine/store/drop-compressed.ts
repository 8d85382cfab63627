import { open, stat } from 'node:fs/promises'
import type { Ingest } from '#content'
import { type Digest, type Layer, layerCompression } from '#oci'
import { pathExists } from '#platform'
import { layerArchive } from '#snapshot'
import type { Bytes } from '#stream'
import { isServed } from '../collect/collect-garbage.ts'
import { findKeepCompressed } from '../content/keep-compressed.ts'
import { tryPublishIndex } from '../content/publish-index.ts'
import { recompress } from '../content/recompress.ts'
import type { Engine } from '../engine.ts'
import { droppable } from '../usage/droppable.ts'

/**
 * Deletes compressed layers if the store has their archives, a registry is known to have
 * them, and compressing the archive gives the same bytes. `$STRAKE_KEEP_COMPRESSED` changes
 * that. A registry is required because another version of strake may compress to other
 * bytes. Does nothing while a lease exists. Returns the freed bytes.
 */
export async function dropCompressed(engine: Engine): Promise<number> {
  const { content, records } = engine
  const keep = findKeepCompressed(engine.env)
  const isBusy = (): boolean => records.leases.oldest() !== undefined
  if (isBusy()) return 0
  await forgetGone(engine)
  if (keep === 'always') return 0
  let freed = 0
  for (const { descriptor, diffId } of await droppable(engine)) {
    const { digest } = descriptor
    if (keep === 'auto' && !(await canBeMadeAgain(engine, { descriptor, diffId }))) continue
    await records.write(() => records.dropped.add(digest, diffId))
    const isGone = await content.deleteUnless(digest, () => isBusy() || isServed(engine, digest))
    if (isGone) freed += descriptor.size
    else await records.write(() => records.dropped.remove(digest))
  }
  // Other programs cannot read an image without its compressed layers.
  if (freed > 0) await tryPublishIndex(engine)
  return freed
}

/** Removes records of dropped layers whose archive has been removed with its image. */
async function forgetGone({ records, root }: Engine): Promise<void> {
  const gone = records.dropped
    .list()
    .filter(({ diffId }) => !pathExists(layerArchive(root, diffId)))
  if (gone.length === 0) return
  await records.write(() => {
    for (const { digest } of gone) records.dropped.remove(digest)
  })
}

/** Compares while it compresses, because most different results differ in their first bytes. */
async function canBeMadeAgain(
  { content, records, root }: Engine,
  { descriptor, diffId }: Layer,
): Promise<boolean> {
  const compression = layerCompression(descriptor.mediaType)
  if (compression === 'none') return false
  const comparison = new Comparison(content.pathOf(descriptor.digest), descriptor.digest)
  const archive = layerArchive(root, diffId)
  const ingest = async (): Promise<Ingest> => comparison
  try {
    await recompress(records, { diffId, archive, compression, ingest })
    return true
  } catch (error) {
    if (error instanceof Different) return false
    throw error
  }
}

class Different extends Error {}

/** Compares appended bytes with a file, and throws `Different` at the first difference. */
class Comparison implements Ingest {
  readonly id = 'comparison'
  readonly #path: string
  readonly #digest: Digest
  size = 0

  constructor(path: string, digest: Digest) {
    this.#path = path
    this.#digest = digest
  }

  async append(bytes: Bytes): Promise<void> {
    await using file = await open(this.#path, 'r')
    for await (const chunk of bytes) {
      const expected = Buffer.alloc(chunk.length)
      const { bytesRead } = await file.read(expected, 0, chunk.length, this.size)
      if (bytesRead < chunk.length || !expected.equals(chunk)) throw new Different()
      this.size += chunk.length
    }
  }

  async commit(): Promise<Digest> {
    if ((await stat(this.#path)).size !== this.size) throw new Different()
    return this.#digest
  }

  async abort(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}
