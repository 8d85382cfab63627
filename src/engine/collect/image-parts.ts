import { childrenOf, isDocument, readDocument } from '#content'
import { chainIds, type Descriptor, type Digest, isStrakeError } from '#oci'
import type { ImageRecord } from '#records'
import type { Engine } from '../engine.ts'

/** Content of the store that may become unneeded when an image is removed. */
export interface ImageParts {
  /** Its documents and layers, and other forms of its layers. */
  readonly blobs: readonly Digest[]
  /** Its file systems, by chain ID, lowest first. */
  readonly chains: readonly Digest[]
}

/** Returns the parts of an image and of the indexes that its names point to; `undefined` if it cannot be read. */
export async function partsOf(engine: Engine, image: ImageRecord): Promise<ImageParts | undefined> {
  const { records } = engine
  const named = records.tags.namesOf(image.digest).flatMap((name) => records.tags.get(name) ?? [])
  try {
    const { config } = await engine.openImage(image)
    const diffIds = config.rootfs.diff_ids
    const { digest, mediaType, size } = image
    const blobs = new Set<Digest>()
    await addGraph(
      engine,
      [{ digest, mediaType, size }, ...named.map(({ target }) => target)],
      blobs,
    )
    for (const diffId of diffIds) {
      blobs.add(diffId)
      for (const other of records.layers.compressedOf(diffId)) blobs.add(other.digest)
    }
    return { blobs: [...blobs], chains: chainIds(diffIds) }
  } catch (error) {
    if (isStrakeError(error)) return undefined
    throw error
  }
}

async function addGraph(
  { content }: Engine,
  roots: readonly Descriptor[],
  found: Set<Digest>,
): Promise<void> {
  const pending = [...roots]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (found.has(next.digest)) continue
    found.add(next.digest)
    if (isDocument(next)) pending.push(...childrenOf(await readDocument(content, next)))
  }
}
