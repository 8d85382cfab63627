import {
  type Descriptor,
  type HistoryEntry,
  type ImageConfig,
  type Index,
  isConfigType,
  isStrakeError,
  limits,
  type Manifest,
  parseConfig,
  parseManifestOrIndex,
} from '#oci'
import type { Repository } from '#registry'
import { toBuffer } from '#stream'
import type { Place } from '../place.ts'
import { type Referrer, readReferrers } from './referrers.ts'
import type { Source } from './source.ts'

/** A layer and the instruction that made it. */
export interface ShownLayer {
  readonly descriptor: Descriptor
  readonly createdBy?: string | undefined
  readonly created?: string | undefined
}

/** An image, an index of images, or another artifact. */
export interface ShownImage {
  readonly name: string
  readonly reference: string
  readonly descriptor: Descriptor
  readonly index?: Index | undefined
  readonly manifest?: Manifest | undefined
  /** Absent for artifacts that are no images. */
  readonly config?: ImageConfig | undefined
  readonly layers: readonly ShownLayer[]
  readonly referrers: readonly Referrer[]
}

/** Returns what a tag or digest names. Throws `MANIFEST_UNKNOWN`. */
export async function showImage(
  { registry, signal }: Source,
  { name, reference }: Extract<Place, { kind: 'image' }>,
): Promise<ShownImage> {
  const repository = registry.repository(name)
  const { descriptor, raw } = await repository.readManifest(reference, signal)
  const referrers = await readReferrers(repository, descriptor.digest, signal)
  const common = { name, reference, descriptor, referrers }
  const parsed = readDocument(raw, descriptor.mediaType)
  if (parsed === undefined) return { ...common, layers: [] }
  if (parsed.kind === 'index') return { ...common, index: parsed.index, layers: [] }
  const { manifest } = parsed
  const config = await readConfig(repository, manifest, signal)
  return { ...common, manifest, config, layers: describeLayers(manifest, config) }
}

/** Returns `undefined` for a manifest of an unknown kind. */
function readDocument(
  raw: Uint8Array,
  type: string,
): ReturnType<typeof parseManifestOrIndex> | undefined {
  try {
    return parseManifestOrIndex(raw, type)
  } catch (error) {
    if (!isStrakeError(error)) throw error
    return undefined
  }
}

async function readConfig(
  repository: Repository,
  { config }: Manifest,
  signal: AbortSignal,
): Promise<ImageConfig | undefined> {
  if (!isConfigType(config.mediaType) || config.size > limits.configSize) return undefined
  try {
    const raw = await toBuffer(repository.read(config, { signal }), limits.configSize)
    return parseConfig(raw)
  } catch (error) {
    if (!isStrakeError(error)) throw error
    return undefined
  }
}

/** Assigns the entries of the history, as far as it describes each layer. */
function describeLayers(
  { layers }: Manifest,
  config: ImageConfig | undefined,
): readonly ShownLayer[] {
  const made = (config?.history ?? []).filter((entry) => entry.empty_layer !== true)
  const entries: readonly HistoryEntry[] = made.length === layers.length ? made : []
  return layers.map((descriptor, index) => {
    const { created, created_by: createdBy } = entries[index] ?? {}
    return { descriptor, createdBy, created }
  })
}
