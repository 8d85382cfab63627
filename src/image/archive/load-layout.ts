import { type ContentSource, type ContentStore, copy } from '#content'
import {
  ContentMismatchError,
  type Descriptor,
  type Digest,
  digestName,
  type ImageName,
  isStrakeError,
  limits,
  parseIndex,
  parseReference,
  sha256,
  toImageName,
} from '#oci'
import { hostPlatform } from '#platform'
import { toBuffer, verified } from '#stream'
import { type Image, openImage } from '../image.ts'
import { type Archive, invalid } from './archive.ts'
import type { DockerEntry } from './load-docker.ts'
import type { LoadedImage, LoadOptions } from './loaded-image.ts'
import { blobName } from './save.ts'

/**
 * Loads the images of `index.json`. If there is also a `manifest.json`, its names are added; it
 * must describe the same images.
 */
export async function loadLayout(
  archive: Archive,
  store: ContentStore,
  docker: readonly DockerEntry[] | undefined,
  options: LoadOptions,
): Promise<LoadedImage[]> {
  const { emit, signal, platform = hostPlatform() } = options
  const source = sourceOf(archive)
  const raw = await toBuffer(archive.read('index.json'), limits.manifestSize, 'index.json')
  const images = new Map<Digest, { image: Image; names: ImageName[] }>()
  for (const descriptor of parseIndex(raw).manifests) {
    const image = await openImage(source, descriptor, platform, signal)
    const known = images.get(image.descriptor.digest) ?? { image, names: [] }
    known.names.push(...nameIn(descriptor))
    images.set(image.descriptor.digest, known)
  }
  for (const entry of docker ?? []) await joinDocker(archive, entry, [...images.values()])
  const loaded: LoadedImage[] = []
  for (const { image, names } of images.values()) {
    const { mediaType, digest, size } = image.descriptor
    const descriptor = { mediaType, digest, size }
    await copy(source, store, descriptor, {
      ...(emit !== undefined && { emit }),
      ...(signal !== undefined && { signal }),
    })
    loaded.push({ descriptor, names })
  }
  return loaded
}

/** Adds the names of an entry in `manifest.json` to the image that it describes. */
async function joinDocker(
  archive: Archive,
  entry: DockerEntry,
  images: readonly { image: Image; names: ImageName[] }[],
): Promise<void> {
  const raw = await toBuffer(archive.read(entry.config), limits.configSize, entry.config)
  const imageId = sha256(raw)
  const match = images.find(({ image }) => image.imageId === imageId)
  if (match === undefined || match.image.layers.length !== entry.layers.length) {
    throw invalid('its index.json and its manifest.json describe different images')
  }
  match.names.push(...entry.names.filter((name) => !match.names.includes(name)))
}

/** The blobs of an archive as a content source. They are verified unless the reader does so. */
function sourceOf(archive: Archive): ContentSource {
  return {
    has: async ({ digest, size }: Descriptor) => {
      const name = blobName(digest)
      return archive.has(name) && archive.sizeOf(name) === size
    },
    read: (target, { start = 0, end = target.size, readerVerifies = false } = {}) => {
      const name = blobName(target.digest)
      const size = archive.sizeOf(name)
      if (size !== target.size) {
        throw new ContentMismatchError(name, `${target.size} bytes`, `${size} bytes`)
      }
      const bytes = archive.read(name, { start, end })
      const isWhole = start === 0 && end === target.size
      return isWhole && !readerVerifies ? verified(bytes, target) : bytes
    },
  }
}

/**
 * The image name in an entry of `index.json`. A bare tag is ignored: it selects an image of the
 * layout and is not a name. Throws when a name with a digest has another digest than the image.
 */
function nameIn({ annotations = {}, digest }: Descriptor): ImageName[] {
  const whole = annotations['io.containerd.image.name']
  const short = annotations['org.opencontainers.image.ref.name'] ?? ''
  const text = whole ?? (/[/:]/.test(short) ? short : undefined)
  if (text === undefined) return []
  try {
    const reference = parseReference(text)
    return [
      reference.digest === digest ? digestName(reference, digest) : toImageName(reference, text),
    ]
  } catch (error) {
    if (!isStrakeError(error)) throw error
    throw invalid(`a name in its index.json is invalid (${error.message})`)
  }
}
