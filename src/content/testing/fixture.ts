import { type Descriptor, encodeJson, mediaType, sha256 } from '#oci'
import { fromBuffer } from '#stream'
import type { ContentStore } from '../store.ts'

/** Puts `bytes` into `store` and returns their descriptor. */
export async function put(
  store: ContentStore,
  type: string,
  bytes: Uint8Array | string,
): Promise<Descriptor> {
  const raw = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes
  const descriptor = { mediaType: type, digest: sha256(raw), size: raw.length }
  await store.write(descriptor, fromBuffer(raw))
  return descriptor
}

/** Puts a manifest with a config and layers of the given texts into `store`. */
export async function putImage(
  store: ContentStore,
  name: string,
  layers: readonly string[],
): Promise<Descriptor> {
  const config = await put(store, mediaType.ociConfig, `{"name":${JSON.stringify(name)}}`)
  const descriptors = await Array.fromAsync(layers, (text) => put(store, mediaType.ociLayer, text))
  return await put(
    store,
    mediaType.ociManifest,
    encodeJson({
      schemaVersion: 2,
      mediaType: mediaType.ociManifest,
      config,
      layers: descriptors,
    }),
  )
}

/** Puts an index of `manifests` into `store`. */
export async function putIndex(
  store: ContentStore,
  manifests: readonly Descriptor[],
): Promise<Descriptor> {
  const index = { schemaVersion: 2, mediaType: mediaType.ociIndex, manifests }
  return await put(store, mediaType.ociIndex, encodeJson(index))
}
