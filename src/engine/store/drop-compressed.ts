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
 * Deletes compressed layers whose archives are here, as far as the setting
 * allows: those that compressing the archive gives again, byte for byte, and
 * that a registry was seen to have, for another version may compress otherwise.
 * Does nothing while anybody works. Says how many bytes that freed.
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
  // Other programs cannot read an image that is not whole.
  if (freed > 0) await tryPublishIndex(engine)
  return freed
}

/** Records of what went with its image. */
async function forgetGone({ records, root }: Engine): Promise<void> {
  const gone = records.dropped
    .list()
    .filter(({ diffId }) => !pathExists(layerArchive(root, diffId)))
  if (gone.length === 0) return
  await records.write(() => {
    for (const { digest } of gone) records.dropped.remove(digest)
  })
}

/** Compares while compressing, so that most others are told by their first bytes. */
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

/** Takes exactly the bytes of a file, and throws `Different` at the first other one. */
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
