import type { ContentStore } from '#content'
import {
  type Descriptor,
  type Digest,
  type ImageName,
  isStrakeError,
  limits,
  mediaType,
  parseConfig,
  parseImageName,
  sha256,
} from '#oci'
import { counted, createHasher, detectCompression, detectLength, silent, toBuffer } from '#stream'
import { writeImage } from '../create.ts'
import { type Archive, invalid } from './archive.ts'
import type { LoadedImage, LoadOptions } from './loaded-image.ts'

/** An image in `manifest.json`, which names members of the archive. */
export interface DockerEntry {
  readonly config: string
  readonly layers: readonly string[]
  readonly names: readonly ImageName[]
}

/** Reads `manifest.json`. Throws `INVALID`, also for names that are not references. */
export async function readDockerManifest(archive: Archive): Promise<readonly DockerEntry[]> {
  const value = await archive.readJson('manifest.json')
  if (!Array.isArray(value)) throw invalid('its manifest.json is not an array')
  return value.map((item: unknown) => {
    if (!isObject(item)) throw invalid('an entry of its manifest.json is not an object')
    const { Config: config, Layers: layers, RepoTags: tags } = item
    if (typeof config !== 'string' || !isTexts(layers) || !isTexts(tags)) {
      throw invalid('an entry of its manifest.json lacks Config, Layers or RepoTags')
    }
    return { config, layers: layers ?? [], names: (tags ?? []).map(readName) }
  })
}

/** Loads the images of `manifest.json`, for archives without an image layout. */
export async function loadDocker(
  archive: Archive,
  store: ContentStore,
  entries: readonly DockerEntry[],
  options: LoadOptions,
): Promise<LoadedImage[]> {
  const loaded: LoadedImage[] = []
  for (const entry of entries) {
    loaded.push({ descriptor: await loadEntry(archive, store, entry, options), names: entry.names })
  }
  return loaded
}

async function loadEntry(
  archive: Archive,
  store: ContentStore,
  entry: DockerEntry,
  options: LoadOptions,
): Promise<Descriptor> {
  const configRaw = await toBuffer(archive.read(entry.config), limits.configSize, entry.config)
  const config = parseConfig(configRaw)
  const diffIds = config.rootfs.diff_ids
  if (entry.layers.length !== diffIds.length || diffIds.length > limits.layers) {
    throw invalid(
      `an image has ${entry.layers.length} layers, its configuration ${diffIds.length}, and ${limits.layers} are allowed`,
    )
  }
  const layers: Descriptor[] = []
  for (const [index, diffId] of diffIds.entries()) {
    const name = entry.layers[index] ?? ''
    layers.push(await loadLayer(archive, store, { name, diffId }, options))
  }
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaType.ociManifest,
    config: { mediaType: mediaType.ociConfig, digest: sha256(configRaw), size: configRaw.length },
    layers,
  } as const
  return (await writeImage(store, { manifest, config, configRaw })).descriptor
}

/** Stores a layer: an uncompressed one under its diff ID, a compressed one under its own digest. */
async function loadLayer(
  archive: Archive,
  store: ContentStore,
  { name, diffId }: { readonly name: string; readonly diffId: Digest },
  { emit = silent, signal }: LoadOptions,
): Promise<Descriptor> {
  signal?.throwIfAborted()
  const size = archive.sizeOf(name)
  const head = await toBuffer(archive.read(name, { end: detectLength }), detectLength)
  const compression = detectCompression(head)
  const take = async (layer: Descriptor): Promise<Descriptor> => {
    const event = { type: 'transfer', id: layer.digest, action: 'read', total: size } as const
    const bytes = counted(archive.read(name), (current) => emit({ ...event, current }))
    await store.write(layer, bytes)
    emit({ ...event, current: size, done: true })
    return layer
  }
  if (compression === 'none') return take({ mediaType: mediaType.ociLayer, digest: diffId, size })
  if (compression !== 'gzip' && compression !== 'zstd') {
    throw invalid(`a layer is compressed with ${compression}`)
  }
  const hasher = createHasher()
  for await (const chunk of archive.read(name)) hasher.update(chunk)
  const type = compression === 'gzip' ? mediaType.ociLayerGzip : mediaType.ociLayerZstd
  return take({ mediaType: type, digest: hasher.digest(), size })
}

function readName(text: string): ImageName {
  try {
    return parseImageName(text)
  } catch (error) {
    if (!isStrakeError(error)) throw error
    throw invalid(`a name in its manifest.json is invalid (${error.message})`)
  }
}

function isTexts(value: unknown): value is readonly string[] | null | undefined {
  return (
    value === undefined ||
    value === null ||
    (Array.isArray(value) && value.every((item) => typeof item === 'string'))
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
