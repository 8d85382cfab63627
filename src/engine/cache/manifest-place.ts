import {
  cacheConfigType,
  cacheLimits,
  formatCacheConfig,
  parseCacheConfig,
  parseInlineCache,
} from '#build'
import { type ContentSource, readDocument } from '#content'
import {
  type Descriptor,
  encodeJson,
  isManifestType,
  layersOf,
  limits,
  type Manifest,
  mediaType,
  parseConfig,
  StrakeError,
  sha256,
} from '#oci'
import { fromBuffer, toBuffer } from '#stream'
import type { CacheForm } from './cache-options.ts'
import type { CacheContent, CachePlace, StoredCache } from './place.ts'

/** A place whose caches are manifests with names. */
export interface NamedManifests {
  readonly name: string
  readonly content: CacheContent
  /** Returns the manifest or index, or `undefined` when there is none. */
  resolve(signal?: AbortSignal): Promise<Descriptor | undefined>
  /** Makes the name mean `root`. */
  publish(root: Descriptor, signal?: AbortSignal): Promise<void>
  [Symbol.dispose]?(): void
}

/** Keeps caches as manifests, as BuildKit does. `document` is the kind that is written. */
export function manifestPlace(
  named: NamedManifests,
  document: CacheForm['document'] = 'manifest',
): CachePlace {
  const { name, content, resolve, publish } = named
  return {
    name,
    content,
    hasDetails: false,
    async read(signal) {
      const root = await resolve(signal)
      return root === undefined ? [] : await readCaches(content, root, signal)
    },
    async write({ config, blobs }, signal) {
      const put = async (type: string, bytes: Uint8Array): Promise<Descriptor> => {
        const written = { mediaType: type, digest: sha256(bytes), size: bytes.length }
        await content.write(written, fromBuffer(bytes), { signal })
        return written
      }
      const descriptor = await put(cacheConfigType, formatCacheConfig(config))
      const pieces = config.mounts.flatMap((mount) => mount.pieces)
      const listed = [...blobs.values(), ...pieces]
      const layers = [...new Map(listed.map((each) => [each.digest, each])).values()]
      const { type, value } = documentOf(document, descriptor, layers)
      await publish(await put(type, encodeJson(value)), signal)
    },
    [Symbol.dispose]: () => named[Symbol.dispose]?.(),
  }
}

function documentOf(
  kind: CacheForm['document'],
  config: Descriptor,
  layers: readonly Descriptor[],
): { readonly type: string; readonly value: object } {
  if (kind === 'manifest') {
    const type = mediaType.ociManifest
    return { type, value: { schemaVersion: 2, mediaType: type, config, layers } }
  }
  const type = kind === 'index' ? mediaType.ociIndex : mediaType.dockerManifestList
  return { type, value: { schemaVersion: 2, mediaType: type, manifests: [...layers, config] } }
}

/** Reads a cache of BuildKit or strake, or the inline caches of images. */
async function readCaches(
  content: ContentSource,
  root: Descriptor,
  signal?: AbortSignal,
): Promise<readonly StoredCache[]> {
  const { parsed } = await readDocument(content, root, signal)
  if (parsed.kind === 'manifest') {
    const { config, layers } = parsed.manifest
    return config.mediaType === cacheConfigType
      ? [await readConfig(content, config, layers, signal)]
      : await readInline(content, parsed.manifest, signal)
  }
  const { manifests } = parsed.index
  const config = manifests.find((each) => each.mediaType === cacheConfigType)
  if (config !== undefined) {
    const layers = manifests.filter((each) => each !== config)
    return [await readConfig(content, config, layers, signal)]
  }
  const images = manifests.filter((each) => isManifestType(each.mediaType))
  const found = await Promise.all(
    images.slice(0, mostImages).map(async (image) => {
      const { parsed: document } = await readDocument(content, image, signal)
      if (document.kind === 'index') return []
      return await readInline(content, document.manifest, signal)
    }),
  )
  return found.flat()
}

/** The most images of an index whose inline caches are read. Docker's largest have 20. */
const mostImages = 64

async function readConfig(
  content: ContentSource,
  config: Descriptor,
  layers: readonly Descriptor[],
  signal?: AbortSignal,
): Promise<StoredCache> {
  if (config.size > cacheLimits.configSize) {
    const reason = `its configuration has ${config.size} bytes, more than ${cacheLimits.configSize}`
    throw new StrakeError('INVALID', `Cannot read the build cache: ${reason}`)
  }
  const raw = await toBuffer(content.read(config, { signal }), config.size, config.digest)
  const blobs = new Map(layers.map((layer) => [layer.digest, layer]))
  return { config: parseCacheConfig(raw), blobs }
}

/** An image without an inline cache, and other artifacts, have no cache. */
async function readInline(
  content: ContentSource,
  manifest: Manifest,
  signal?: AbortSignal,
): Promise<readonly StoredCache[]> {
  const { config, layers } = manifest
  const isImage =
    config.mediaType === mediaType.ociConfig || config.mediaType === mediaType.dockerConfig
  if (!isImage || config.size > limits.configSize) return []
  const raw = await toBuffer(content.read(config, { signal }), config.size, config.digest)
  const found = parseInlineCache(raw, layersOf(manifest, parseConfig(raw)))
  const blobs = new Map(layers.map((layer) => [layer.digest, layer]))
  return found === undefined ? [] : [{ config: found, blobs }]
}
