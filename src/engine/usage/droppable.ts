import { type Digest, isStrakeError, type Layer, layerCompression } from '#oci'
import { pathExists } from '#platform'
import { layerArchive } from '#snapshot'
import type { Engine } from '../engine.ts'

/** Returns compressed layers of images whose archives are in the store and that a registry is known to have. */
export async function droppable(engine: Engine): Promise<readonly Layer[]> {
  const { content, records, root } = engine
  const layers = new Map<Digest, Layer>()
  for (const image of records.images.list()) {
    for (const layer of await layersOf(engine, image)) {
      const { digest, mediaType } = layer.descriptor
      if (layerCompression(mediaType) === 'none') continue
      if (!pathExists(content.pathOf(digest)) || !pathExists(layerArchive(root, layer.diffId))) {
        continue
      }
      if (records.sources.of(digest).length > 0) layers.set(digest, layer)
    }
  }
  return [...layers.values()]
}

async function layersOf(
  engine: Engine,
  image: Parameters<Engine['openImage']>[0],
): Promise<readonly Layer[]> {
  try {
    return (await engine.openImage(image)).layers
  } catch (error) {
    // `system check` reports a damaged image.
    if (isStrakeError(error)) return []
    throw error
  }
}
