import {
  type Descriptor,
  type Digest,
  isConfigType,
  isIndexType,
  isStrakeError,
  parseConfig,
  parseManifestOrIndex,
  StrakeError,
} from '#oci'
import type { Repository, TagRecord } from '#registry'
import { mapConcurrently, toBuffer } from '#stream'
import type { Place } from '../place.ts'
import { describePlatform } from './platform.ts'
import type { Source } from './source.ts'

/** A tag and what it names. */
export interface ShownTag extends TagRecord {
  readonly mediaType?: string | undefined
  /** The bytes of configurations and layers of all platforms; absent if the manifest is unreadable. */
  readonly size?: number | undefined
  readonly platforms: readonly string[]
}

export interface ShownRepository {
  readonly name: string
  readonly tags: readonly ShownTag[]
  /** Manifests that a page without any tag shows. */
  readonly untagged: readonly Descriptor[]
  readonly next?: string | undefined
}

const pageSize = 50

/** The most manifests of an index whose sizes are added. */
const mostPlatforms = 64

/** Returns a page of the tags of a repository. Throws `NAME_UNKNOWN`. */
export async function showRepository(
  { registry, ledger, signal }: Source,
  { name, after }: Extract<Place, { kind: 'repository' }>,
): Promise<ShownRepository> {
  const records: TagRecord[] = []
  for await (const tag of ledger.tags(name, after === undefined ? {} : { after })) {
    records.push(tag)
    if (records.length > pageSize) break
  }
  const untagged = records.length === 0 ? await listManifests(ledger, name) : []
  if (records.length === 0 && untagged.length === 0 && after === undefined) {
    throw new StrakeError(
      'NAME_UNKNOWN',
      `Cannot show ${name}: this registry has no such repository`,
    )
  }
  const repository = registry.repository(name)
  const tags: ShownTag[] = []
  for (const record of records.slice(0, pageSize)) {
    tags.push({ ...record, ...(await describeTarget(repository, record.digest, signal)) })
  }
  const next = records.length > pageSize ? tags.at(-1)?.name : undefined
  return { name, tags, untagged, next }
}

async function listManifests(
  ledger: Source['ledger'],
  name: string,
): Promise<readonly Descriptor[]> {
  const found: Descriptor[] = []
  for await (const { descriptor } of ledger.members(name, 'manifest')) {
    found.push(descriptor)
    if (found.length === pageSize) break
  }
  return found
}

interface Target {
  readonly mediaType?: string | undefined
  readonly size?: number | undefined
  readonly platforms: readonly string[]
}

async function describeTarget(
  repository: Repository,
  digest: Digest,
  signal: AbortSignal,
): Promise<Target> {
  try {
    const { descriptor, raw } = await repository.readManifest(digest, signal)
    const { mediaType } = descriptor
    const parsed = parseManifestOrIndex(raw, mediaType)
    if (parsed.kind === 'manifest') {
      const { config, layers } = parsed.manifest
      const platforms = await readPlatform(repository, config, signal)
      return { mediaType, size: sumOf([config, ...layers]), platforms }
    }
    const { manifests } = parsed.index
    const sizes: number[] = []
    const images = manifests.filter((each) => !isIndexType(each.mediaType)).slice(0, mostPlatforms)
    await mapConcurrently(images, 4, async (each) => {
      sizes.push((await describeTarget(repository, each.digest, signal)).size ?? 0)
    })
    const platforms = manifests.flatMap(({ platform }) =>
      platform === undefined || platform.os === 'unknown' ? [] : [describePlatform(platform)],
    )
    return { mediaType, size: sizes.reduce((sum, size) => sum + size, 0), platforms }
  } catch (error) {
    // The list shows the other tags also when one manifest is absent or not for images.
    if (!isStrakeError(error)) throw error
    return { platforms: [] }
  }
}

/** Larger configurations are not read for a list. */
const mostConfig = 262_144

async function readPlatform(
  repository: Repository,
  config: Descriptor,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (!isConfigType(config.mediaType) || config.size > mostConfig) return []
  const raw = await toBuffer(repository.read(config, { signal }), mostConfig)
  return [describePlatform(parseConfig(raw))]
}

function sumOf(descriptors: readonly Descriptor[]): number {
  return descriptors.reduce((sum, { size }) => sum + size, 0)
}
