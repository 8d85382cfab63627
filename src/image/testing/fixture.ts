import { type ContentStore, createMemoryStore, type LocalStore } from '#content'
import {
  type Descriptor,
  type HistoryEntry,
  type ImageConfig,
  type Layer,
  mediaType,
  sha256,
} from '#oci'
import { fromBuffer } from '#stream'
import { packTar, type TarInput } from '#tar'
import { createImage } from '../create.ts'
import type { Image } from '../image.ts'

/** Files of a layer: a path and its content, `null` for a directory. */
export type LayerFiles = Readonly<Record<string, string | null>>

/** The archive of a layer. */
export async function layerTar(files: LayerFiles): Promise<Uint8Array> {
  const entries = Object.entries(files).map(([path, content]): TarInput => {
    if (content === null) return { path, type: 'directory', mode: 0o755 }
    return { path, body: new TextEncoder().encode(content) }
  })
  return await packTar(entries)
}

/** Stores a layer, compressed by `wrap`; without `wrap` uncompressed. */
export async function putLayer(
  store: ContentStore,
  files: LayerFiles,
  wrap: { readonly type: string; readonly change: (tar: Uint8Array) => Uint8Array } = {
    type: mediaType.ociLayer,
    change: (tar) => tar,
  },
): Promise<Layer> {
  const tar = await layerTar(files)
  return { descriptor: await put(store, wrap.type, wrap.change(tar)), diffId: sha256(tar) }
}

/** Stores bytes and returns their descriptor. */
export async function put(
  store: ContentStore,
  type: string,
  bytes: Uint8Array,
): Promise<Descriptor> {
  const descriptor = { mediaType: type, digest: sha256(bytes), size: bytes.length }
  await store.write(descriptor, fromBuffer(bytes))
  return descriptor
}

/** A memory store with one image, whose layers contain these files. */
export async function imageOf(
  layers: readonly LayerFiles[],
  config: Partial<ImageConfig> = {},
): Promise<{ readonly store: LocalStore; readonly image: Image }> {
  const store = createMemoryStore()
  const stored = await Array.fromAsync(layers, (files) => putLayer(store, files))
  const base = { architecture: 'amd64', os: 'linux', created: '2024-01-02T03:04:05Z' }
  const image = await createImage(store, { config: { ...base, ...config }, layers: stored })
  return { store, image }
}

/** The image with one more layer on top, made by `step`. */
export async function withLayer(
  store: ContentStore,
  image: Image,
  layer: Layer,
  step: HistoryEntry = {},
): Promise<Image> {
  const history = [...(image.config.history ?? image.layers.map(() => ({}))), step]
  const layers = [...image.layers, layer]
  return await createImage(store, { config: { ...image.config, history }, layers })
}
