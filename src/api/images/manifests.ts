import type { InspectDocument } from '#docker/documents/document'
import { manifestDocument } from '#docker/documents/image-inspect'
import type { Engine } from '#engine'
import { containersOf } from '#engine/image/image-use'
import { inspect } from '#engine/inspect'
import { type Descriptor, normalizePlatform } from '#oci'

/** What `manifests=1` adds to an image: its manifests, with the sizes and the containers of those that are here. */
export async function manifestsOf(
  engine: Engine,
  name: string,
): Promise<readonly InspectDocument[]> {
  const found = await inspect(engine, name, { kind: 'image' })
  if (found.kind !== 'image') return []
  const { image, index } = found.image
  const manifests = index?.manifests ?? [{ descriptor: image.descriptor, isPresent: true }]
  return await Array.fromAsync(manifests, async (one) => ({
    ...manifestDocument(one),
    ...(await details(engine, one.descriptor)),
  }))
}

async function details(engine: Engine, descriptor: Descriptor): Promise<InspectDocument> {
  const record = engine.records.images.get(descriptor.digest)
  if (record === undefined) return { Size: { Content: 0, Total: 0 } }
  const { manifest, size, config } = await engine.openImage(record)
  const content = size + manifest.config.size + descriptor.size
  return {
    ImageData: {
      Platform: normalizePlatform(descriptor.platform ?? config),
      Containers: containersOf(engine, record.imageId).map(({ id }) => id),
      Size: { Unpacked: record.totalSize },
    },
    // The archives of layers are mounted in place: they take room once.
    Size: { Content: content, Total: Math.max(content, record.totalSize) },
  }
}
