import { saveImages } from '#image'
import { parseReference } from '#oci'
import type { Emit } from '#stream'
import type { Engine } from '../engine.ts'
import { isDigestName } from '../image/find-image.ts'
import { holdImage } from '../image/hold-image.ts'
import { writeArchive } from './output-file.ts'

export interface SaveOptions {
  /** Standard output without it. Appears only when it is whole. */
  readonly file?: string
  readonly emit?: Emit
  readonly signal?: AbortSignal
}

/**
 * Writes images into one archive that docker, podman and skopeo read. An image
 * named by ID carries all its names. The same images give the same bytes.
 */
export async function save(
  engine: Engine,
  texts: readonly string[],
  options: SaveOptions = {},
): Promise<void> {
  using lease = engine.records.leases.acquire({
    purpose: `save ${texts.join(' ')}`,
    isExact: true,
  })
  const images = []
  for (const text of texts) {
    const { image, name, opened } = await holdImage(engine, text, lease)
    const names =
      name === undefined
        ? engine.records.tags.namesOf(image.digest).filter((one) => !isDigestName(one))
        : [name]
    images.push({ image: opened, names: names.map(parseReference) })
  }
  await writeArchive(saveImages(engine.content, images), options)
}
