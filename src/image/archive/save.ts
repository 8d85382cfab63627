import type { ContentSource } from '#content'
import {
  type Annotations,
  type Descriptor,
  type Digest,
  digestAlgorithm,
  digestHex,
  encodeJson,
  formatReference,
  layerCompression,
  mediaType,
  type Reference,
} from '#oci'
import { type Bytes, fromBuffer, unzstd } from '#stream'
import { type TarInput, writeTar } from '#tar'
import type { Image } from '../image.ts'

/** An image to save, and the names it gets where it is loaded. */
export interface NamedImage {
  readonly image: Image
  /** The index that the archive lists; then `image` is what readers of `manifest.json` get. */
  readonly index?: SavedIndex | undefined
  readonly names: readonly Reference[]
  /** Annotations of its descriptor in `index.json`. */
  readonly annotations?: Annotations | undefined
}

/** An index, and everything below it that is in the store. */
export interface SavedIndex {
  readonly descriptor: Descriptor
  readonly parts: readonly Descriptor[]
}

/**
 * Writes an archive with two tables of contents: that of an OCI image layout, and the one that
 * `docker load` reads (`manifest.json`). Each blob is written once, under its digest and unchanged,
 * so that loading gives the same image IDs and manifests. Layers in zstd are written a second time,
 * decompressed, because Docker before version 23 cannot read zstd. Equal images and names give
 * equal bytes.
 */
export function saveImages(
  source: ContentSource,
  images: readonly NamedImage[],
  options: SaveOptions = {},
): Bytes {
  return writeTar(archiveMembers(source, images, options))
}

export interface SaveOptions {
  /** Leaves out `manifest.json` and what only its readers need. */
  readonly isLayoutOnly?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** The members of the archive that `saveImages` writes. */
export async function* archiveMembers(
  source: ContentSource,
  images: readonly NamedImage[],
  { isLayoutOnly = false, signal }: SaveOptions = {},
): AsyncGenerator<TarInput> {
  const read = (blob: Descriptor): Bytes => source.read(blob, { signal })
  yield file('oci-layout', encodeJson({ imageLayoutVersion: '1.0.0' }))
  yield file('index.json', encodeJson(indexOf(images)))
  if (!isLayoutOnly) yield file('manifest.json', encodeJson(images.map(dockerEntry)))
  const blobs = collectBlobs(images)
  const algorithms = new Set(blobs.map(({ digest }) => digestAlgorithm(digest)))
  for (const path of ['blobs', ...[...algorithms].map((algorithm) => `blobs/${algorithm}`)]) {
    yield { path, type: 'directory', mode: 0o755 }
  }
  for (const blob of blobs) {
    yield { path: blobName(blob.digest), size: blob.size, body: read(blob) }
  }
  if (isLayoutOnly) return
  const written = new Set(blobs.map(({ digest }) => digest))
  for (const { descriptor, diffId } of images.flatMap(({ image }) => image.layers)) {
    if (!isZstd(descriptor) || written.has(diffId)) continue
    written.add(diffId)
    // The header of a member contains its size, so the size must be known first.
    const size = await sizeOf(unzstd(read(descriptor)))
    yield { path: blobName(diffId), size, body: unzstd(read(descriptor)) }
  }
}

function isZstd({ mediaType: type }: Descriptor): boolean {
  return layerCompression(type) === 'zstd'
}

async function sizeOf(bytes: Bytes): Promise<number> {
  let size = 0
  for await (const chunk of bytes) size += chunk.length
  return size
}

/** The path of a blob in the archive. */
export function blobName(digest: Digest): string {
  return `blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`
}

function file(path: string, content: Uint8Array): TarInput {
  return { path, size: content.length, body: fromBuffer(content) }
}

function indexOf(images: readonly NamedImage[]): object {
  const manifests = images.flatMap(({ image, index, names, annotations: added }) => {
    const { digest, size, mediaType: type } = index?.descriptor ?? image.descriptor
    const { os, architecture, variant } = image.config
    const platform = { architecture, os, ...(variant !== undefined && { variant }) }
    const named = names.length === 0 ? [undefined] : names.map(annotate)
    return named
      .map((own) => ({ ...added, ...own }))
      .map((annotations) => ({
        mediaType: type,
        digest,
        size,
        ...(Object.keys(annotations).length > 0 && { annotations }),
        ...(index === undefined && { platform }),
      }))
  })
  return { schemaVersion: 2, mediaType: mediaType.ociIndex, manifests }
}

/**
 * Both annotations for an image name in a layout: containerd's whole name, and the specification's
 * tag.
 */
function annotate(name: Reference): Annotations {
  return {
    'io.containerd.image.name': formatReference(name),
    ...(name.tag !== undefined && { 'org.opencontainers.image.ref.name': name.tag }),
  }
}

function dockerEntry({ image, names }: NamedImage): object {
  const tagged = names.filter(({ tag }) => tag !== undefined)
  return {
    Config: blobName(image.imageId),
    // Whole names: podman would read a short name as one of localhost.
    RepoTags:
      tagged.length === 0 ? null : tagged.map(({ digest: _, ...name }) => formatReference(name)),
    Layers: image.layers.map(({ descriptor, diffId }) =>
      blobName(isZstd(descriptor) ? diffId : descriptor.digest),
    ),
  }
}

/** Every blob once, sorted by digest. */
function collectBlobs(images: readonly NamedImage[]): Descriptor[] {
  const blobs = new Map<Digest, Descriptor>()
  for (const { image, index } of images) {
    const own = [image.descriptor, image.manifest.config, ...image.manifest.layers]
    for (const blob of [...own, ...(index?.parts ?? [])]) blobs.set(blob.digest, blob)
  }
  return [...blobs.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1))
}
