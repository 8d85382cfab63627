import { type NamedImage, saveImages } from '#image'
import {
  type Digest,
  formatPlatform,
  formatReference,
  isStrakeError,
  parsePlatform,
  parseReference,
  type Reference,
  StrakeError,
} from '#oci'
import type { Emit } from '#stream'
import type { Engine } from '../engine.ts'
import { isDigestName, isForPlatform, isWholeId, repositoryOf } from '../image/find-image.ts'
import { holdImage } from '../image/hold-image.ts'
import { imageEvent } from '../image/image-events.ts'
import { writeArchive } from './output-file.ts'

export interface SaveOptions {
  /** Appears only when it is complete. Default: standard output. */
  readonly file?: string | undefined
  /** Refuses an image for another platform. */
  readonly platform?: string | undefined
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Writes images into one archive that docker, podman and skopeo read. A repository without
 * a tag means all its tags. An image named by ID is saved without a name. The same images
 * give the same bytes.
 */
export async function save(
  engine: Engine,
  texts: readonly string[],
  options: SaveOptions = {},
): Promise<void> {
  await using lease = await engine.records.leases.acquire({
    purpose: `save ${texts.join(' ')}`,
    isExact: true,
  })
  const wanted = options.platform === undefined ? undefined : parsePlatform(options.platform)
  const images = new Map<Digest, NamedImage & { readonly names: Reference[] }>()
  for (const text of texts.flatMap((each) => tagsOf(engine, each))) {
    const { image, name, opened } = await holdImage(engine, text, lease)
    if (!isForPlatform(image, wanted)) {
      const own = formatPlatform(image.platform)
      const reason = `the image is for ${own}`
      throw new StrakeError('NOT_FOUND', `Cannot save ${text} for ${options.platform}: ${reason}`)
    }
    const known = images.get(image.digest) ?? { image: opened, names: [] }
    images.set(image.digest, known)
    const isKnown = known.names.some((each) => formatReference(each) === name)
    if (name !== undefined && !isKnown) known.names.push(parseReference(name))
  }
  await writeArchive(saveImages(engine.content, [...images.values()]), options)
  for (const { image, names } of images.values()) {
    const [name] = names
    const familiar = name && formatReference(name)
    await engine.records.events.note(imageEvent('save', image.imageId, familiar))
  }
}

/** Returns every name of the repository `text`, or `text` itself if it names one image. */
function tagsOf({ records }: Engine, text: string): readonly string[] {
  // `text` has a tag or digest, or is an ID.
  if (/[:@]/.test(text.slice(text.lastIndexOf('/') + 1)) || isWholeId(text)) return [text]
  const names = records.tags.list().map(({ name }) => name)
  const wanted = tryParse(text)
  const found = names.filter((name) => !isDigestName(name) && repositoryOf(name) === wanted)
  return found.length === 0 ? [text] : found
}

/** Returns the canonical repository, because recorded names are canonical. */
function tryParse(text: string): string | undefined {
  try {
    return repositoryOf(formatReference(parseReference(text)))
  } catch (error) {
    if (!isStrakeError(error)) throw error
    return undefined
  }
}
