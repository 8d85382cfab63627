import { childrenOf, isDocument, readDocument } from '#content'
import { chainIds, type Descriptor, type Digest, isStrakeError } from '#oci'
import type { Engine } from '../engine.ts'
import type { FoundTarget } from '../image/find-target.ts'

/** Content of the store that may become unneeded when an image is removed. */
export interface ImageParts {
  /** Its documents and layers, and other forms of its layers. */
  readonly blobs: readonly Digest[]
  /** Its file systems, by chain ID, lowest first. */
  readonly chains: readonly Digest[]
}

/** The parts of an image, or of an index with its images; `undefined` when one cannot be read. */
export async function partsOf(
  engine: Engine,
  { descriptor, images }: FoundTarget,
): Promise<ImageParts | undefined> {
  const { records } = engine
  const blobs = new Set<Digest>()
  const chains = new Set<Digest>()
  try {
    await addGraph(engine, descriptor, blobs)
    for (const image of images) {
      const diffIds = (await engine.openImage(image)).config.rootfs.diff_ids
      for (const diffId of diffIds) {
        blobs.add(diffId)
        for (const other of records.layers.compressedOf(diffId)) blobs.add(other.digest)
      }
      // The file systems of one image follow each other, so none comes before its parent.
      for (const chainId of chainIds(diffIds)) chains.add(chainId)
    }
    return { blobs: [...blobs], chains: [...chains] }
  } catch (error) {
    if (isStrakeError(error)) return undefined
    throw error
  }
}

async function addGraph({ content }: Engine, root: Descriptor, found: Set<Digest>): Promise<void> {
  const pending = [root]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (found.has(next.digest)) continue
    // The manifest of a platform that was never fetched has no parts here.
    const isAbsent = next !== root && isDocument(next) && !(await content.has(next))
    if (isAbsent) continue
    found.add(next.digest)
    if (isDocument(next)) pending.push(...childrenOf(await readDocument(content, next)))
  }
}
