import type { InspectDocument } from '#docker/documents/document'
import { manifestDocument, subjectOf } from '#docker/documents/image-inspect'
import type { Engine } from '#engine'
import { containersOf } from '#engine/image/image-use'
import { inspect } from '#engine/inspect'
import { type Descriptor, isRunnable, normalizePlatform } from '#oci'

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

/** Docker's client reads the data of each kind without a check, so they are there for absent manifests too. */
async function details(engine: Engine, descriptor: Descriptor): Promise<InspectDocument> {
  const record = engine.records.images.get(descriptor.digest)
  if (record === undefined) return absentDetails(descriptor)
  const { manifest, size, config } = await engine.openImage(record)
  const content = size + manifest.config.size + descriptor.size
  return {
    ImageData: {
      Platform: normalizePlatform(descriptor.platform ?? config),
      Containers: containersOf(engine, [record]).map(({ id }) => id),
      Size: { Unpacked: record.totalSize },
    },
    // The archives of layers are mounted in place: they take room once.
    Size: { Content: content, Total: Math.max(content, record.totalSize) },
  }
}

/** The details of a manifest that is no image of the store: it is absent, or an attestation. */
function absentDetails(descriptor: Descriptor): InspectDocument {
  const Size = { Content: 0, Total: 0 }
  const subject = subjectOf(descriptor)
  if (subject !== undefined) return { AttestationData: { For: subject }, Size }
  if (!isRunnable(descriptor)) return { Size }
  const { platform = { os: '', architecture: '' } } = descriptor
  return {
    ImageData: { Platform: normalizePlatform(platform), Containers: [], Size: { Unpacked: 0 } },
    Size,
  }
}
