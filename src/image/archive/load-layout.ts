import { type ContentSource, type ContentStore, copy, isDocument, readGraph } from '#content'
import {
  ContentMismatchError,
  type Descriptor,
  type Digest,
  digestName,
  type ImageName,
  isConfigType,
  isIndexType,
  isManifestType,
  isRunnable,
  isStrakeError,
  limits,
  type Manifest,
  parseIndex,
  parseReference,
  sha256,
  toImageName,
} from '#oci'
import { toBuffer, verified } from '#stream'
import { type Image, openImage } from '../image.ts'
import { type Archive, invalid } from './archive.ts'
import type { DockerEntry } from './load-docker.ts'
import type { LoadedImage, LoadOptions } from './loaded-image.ts'
import { blobName } from './save.ts'

/**
 * Loads what `index.json` lists, of an index every platform that is in the archive, unless one
 * is asked for. When the archive has a `manifest.json` too, it
 * gives names, and must not describe an image that the layout does not have.
 */
export async function loadLayout(
  archive: Archive,
  store: ContentStore,
  docker: readonly DockerEntry[] | undefined,
  options: LoadOptions,
): Promise<LoadedImage[]> {
  const { emit, signal } = options
  const source = sourceOf(archive)
  const raw = await toBuffer(archive.read('index.json'), limits.manifestSize, 'index.json')
  const listed = new Map<Digest, Listed>()
  for (const descriptor of parseIndex(raw).manifests) {
    const found = await readListed(archive, descriptor, options)
    const known = listed.get(found.root.digest) ?? found
    known.names.push(...nameIn(descriptor))
    listed.set(found.root.digest, known)
  }
  for (const entry of docker ?? []) await joinDocker(archive, entry, [...listed.values()])
  const loaded: LoadedImage[] = []
  for (const { root, only, names } of listed.values()) {
    const { mediaType, digest, size } = root
    const descriptor = { mediaType, digest, size }
    const isOther = (child: Descriptor): boolean =>
      only !== undefined && isManifestType(child.mediaType) && !only.has(child.digest)
    await copy(source, store, descriptor, {
      prune: (child) => isOther(child) || isAbsent(archive, child),
      emit,
      signal,
    })
    loaded.push({ descriptor, names })
  }
  return loaded
}

/** What `index.json` lists: an image, or an index with the images of it that are in the archive. */
interface Listed {
  readonly root: Descriptor
  /** The only manifests to take of an index. Default: all. */
  readonly only?: ReadonlySet<Digest> | undefined
  readonly images: readonly Image[]
  readonly names: ImageName[]
}

async function readListed(
  archive: Archive,
  descriptor: Descriptor,
  { platforms = [], signal }: LoadOptions,
): Promise<Listed> {
  const source = sourceOf(archive)
  if (!isIndexType(descriptor.mediaType)) {
    const image = await openImage(source, descriptor, undefined, signal)
    return { root: image.descriptor, images: [image], names: [] }
  }
  const { documents } = await readGraph(source, descriptor, {
    prune: (child) =>
      child.digest !== descriptor.digest && (!isDocument(child) || isAbsent(archive, child)),
    signal,
  })
  const manifests = documents.filter(
    (each) => each.parsed.kind === 'manifest' && isImage(each.parsed.manifest, each.descriptor),
  )
  const images = await Array.fromAsync(manifests, (each) =>
    openImage(source, each.descriptor, undefined, signal),
  )
  if (images.length === 0) {
    throw invalid(`none of the images of its index ${descriptor.digest} is in it`)
  }
  const wanted = await Array.fromAsync(
    platforms,
    async (platform) => (await openImage(source, descriptor, platform, signal)).descriptor,
  )
  const [root, ...others] = wanted
  if (root === undefined) return { root: descriptor, images, names: [] }
  if (others.length === 0) return { root, images, names: [] }
  const only = new Set(wanted.map(({ digest }) => digest))
  return { root: descriptor, only, images, names: [] }
}

/** False for attestations and other artifacts. */
function isImage({ config }: Manifest, descriptor: Descriptor): boolean {
  return isRunnable(descriptor) && isConfigType(config.mediaType)
}

/** True for a manifest that is missing in the archive: that of a platform that was not saved. */
function isAbsent(archive: Archive, descriptor: Descriptor): boolean {
  return isDocument(descriptor) && !archive.has(blobName(descriptor.digest))
}

/** Adds the names of an entry in `manifest.json` to the image that it describes. */
async function joinDocker(
  archive: Archive,
  entry: DockerEntry,
  all: readonly Listed[],
): Promise<void> {
  const raw = await toBuffer(archive.read(entry.config), limits.configSize, entry.config)
  const imageId = sha256(raw)
  const match = all.find(({ images }) =>
    images.some(
      (image) => image.imageId === imageId && image.layers.length === entry.layers.length,
    ),
  )
  if (match === undefined) {
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
