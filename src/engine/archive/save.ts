import { type NamedImage, saveImages } from '#image'
import {
  type Digest,
  formatReference,
  isStrakeError,
  type Platform,
  parsePlatform,
  parseReference,
  type Reference,
  StrakeError,
} from '#oci'
import type { Lease } from '#records'
import type { Bytes, Emit } from '#stream'
import type { Engine } from '../engine.ts'
import {
  absentPlatform,
  chooseImage,
  imagesFor,
  namesIn,
  repositoryOf,
  suitsPlatform,
} from '../image/find-image.ts'
import { isWholeId } from '../image/find-target.ts'
import { holdImage, holdTarget } from '../image/hold-image.ts'
import { imageEvent } from '../image/image-events.ts'
import { writeArchive } from './output-file.ts'

export interface SaveOptions {
  /** Appears only when it is complete. Default: standard output. */
  readonly file?: string | undefined
  /** Saves only these platforms of an index, and refuses an image for another platform. */
  readonly platforms?: readonly string[] | undefined
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
  await writeArchive(saveBytes(engine, texts, options), options)
}

/** Like `save`, for a caller that reads the archive itself. */
export async function* saveBytes(
  engine: Engine,
  texts: readonly string[],
  options: Pick<SaveOptions, 'platforms'> = {},
): Bytes {
  await using lease = await engine.records.leases.acquire({
    purpose: `save ${texts.join(' ')}`,
    isExact: true,
  })
  const wanted = (options.platforms ?? []).map(parsePlatform)
  const images = new Map<Digest, Saved & { readonly names: Reference[] }>()
  for (const text of texts.flatMap((each) => tagsOf(engine, each))) {
    const { name, ...saved } = await holdSaved(engine, text, lease, wanted)
    const known = images.get(saved.root) ?? { ...saved, names: [] }
    images.set(saved.root, known)
    const isKnown = known.names.some((each) => formatReference(each) === name)
    if (name !== undefined && !isKnown) known.names.push(parseReference(name))
  }
  yield* saveImages(engine.content, [...images.values()])
  for (const { id, names } of images.values()) {
    const [name] = names
    const familiar = name && formatReference(name)
    await engine.records.events.note(imageEvent('save', id, familiar))
  }
}

interface Saved extends Omit<NamedImage, 'names'> {
  /** The digest of the manifest or index. */
  readonly root: Digest
  readonly id: Digest
}

/**
 * The target of a name or ID: an image, an index with all its platforms or some of them, or its
 * image for one of them.
 */
async function holdSaved(
  engine: Engine,
  text: string,
  lease: Lease,
  wanted: readonly Platform[],
): Promise<Saved & { readonly name?: string | undefined }> {
  const [platform, ...others] = wanted
  if (platform !== undefined && others.length === 0) {
    const held = await holdImage(engine, text, lease, platform)
    if (!suitsPlatform(held, platform)) throw absentPlatform(held, { text, platform, verb: 'save' })
    const { image, name, opened } = held
    return { image: opened, root: image.digest, id: image.imageId, name }
  }
  const only = platform === undefined ? undefined : imagesFor(engine.records, text, wanted, 'save')
  const digests = only && new Set(only.map((image) => image.digest))
  const { found, opened, parts } = await holdTarget(engine, text, lease, digests)
  const { descriptor, id, isIndex, name } = found
  const digest = chooseImage({ ...found, images: only ?? found.images })?.image.digest
  const image = opened.find((each) => each.descriptor.digest === digest)
  if (image === undefined) {
    const message = `Cannot save ${text}: none of its platforms is in the store`
    throw new StrakeError('NOT_FOUND', message, { remedy: `strake pull ${text}` })
  }
  const index = isIndex ? { descriptor, parts } : undefined
  return { image, index, root: descriptor.digest, id, name }
}

/** Returns every name of the repository `text`, or `text` itself if it names one image. */
function tagsOf({ records }: Engine, text: string): readonly string[] {
  // `text` has a tag or digest, or is an ID.
  if (/[:@]/.test(text.slice(text.lastIndexOf('/') + 1)) || isWholeId(text)) return [text]
  const wanted = tryParse(text)
  const found = wanted === undefined ? [] : namesIn(records, wanted)
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
