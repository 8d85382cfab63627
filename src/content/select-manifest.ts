import {
  type Descriptor,
  isConfigType,
  isIndexType,
  isStrakeError,
  limits,
  matchPlatform,
  type Platform,
  parseConfig,
  refusePlatform,
} from '#oci'
import { toBuffer } from '#stream'
import { checkDepth, readDocument } from './graph.ts'
import type { ContentSource } from './store.ts'

/**
 * The most manifests without a platform that are read for one choice: each may take two requests.
 */
const mostUnnamed = 50

/**
 * Returns the manifest of `root` to use on `platform`: `root` itself when it is a manifest, else
 * the best match of the index and its nested indexes. When no platform of the index fits, returns
 * the first manifest without a platform whose config fits. Throws `NOT_FOUND` with the platforms of
 * the index.
 */
export async function selectManifest(
  source: ContentSource,
  root: Descriptor,
  platform: Platform,
  signal?: AbortSignal,
): Promise<Descriptor> {
  const search = { source, root, platform, signal, unnamed: mostUnnamed, offered: [] }
  return isIndexType(root.mediaType) ? await selectFrom(search, root, 0) : root
}

interface Search {
  readonly source: ContentSource
  readonly root: Descriptor
  readonly platform: Platform
  readonly signal: AbortSignal | undefined
  /** Manifests without a platform that may still be read. */
  unnamed: number
  /** Manifests without a platform that were read, with the platform of their config. */
  readonly offered: Descriptor[]
}

async function selectFrom(search: Search, place: Descriptor, depth: number): Promise<Descriptor> {
  checkDepth(search.root, depth)
  const { parsed } = await readDocument(search.source, place, search.signal)
  if (parsed.kind !== 'index') return place
  const { manifests } = parsed.index
  const match = matchPlatform(search.platform, manifests)
  if (match !== undefined) {
    return isIndexType(match.mediaType) ? await selectFrom(search, match, depth + 1) : match
  }
  for (const candidate of manifests) {
    if (candidate.platform !== undefined) continue
    if (search.unnamed === 0) break
    search.unnamed -= 1
    const found = await selectUnnamed(search, candidate, depth + 1)
    if (found !== undefined) return found
  }
  throw refusePlatform(search.platform, [...manifests, ...search.offered], search.root.digest)
}

/** Returns a manifest without a platform if its config fits, or one that fits in an index without a platform. */
async function selectUnnamed(
  search: Search,
  candidate: Descriptor,
  depth: number,
): Promise<Descriptor | undefined> {
  if (!isIndexType(candidate.mediaType)) {
    const platform = await platformOfConfig(search, candidate)
    if (platform === undefined) return undefined
    const offered = { ...candidate, platform }
    search.offered.push(offered)
    return matchPlatform(search.platform, [offered]) && candidate
  }
  try {
    return await selectFrom(search, candidate, depth)
  } catch (error) {
    if (isStrakeError(error, 'NOT_FOUND')) return undefined
    throw error
  }
}

/** Returns `undefined` for a manifest that does not describe an image. */
async function platformOfConfig(
  { source, signal }: Search,
  candidate: Descriptor,
): Promise<Platform | undefined> {
  const { parsed } = await readDocument(source, candidate, signal)
  if (parsed.kind !== 'manifest' || !isConfigType(parsed.manifest.config.mediaType))
    return undefined
  const bytes = source.read(parsed.manifest.config, { signal })
  const { os, architecture, variant, ...others } = parseConfig(
    await toBuffer(bytes, limits.configSize, 'image configuration'),
  )
  const version = others['os.version']
  return {
    os,
    architecture,
    ...(variant !== undefined && { variant }),
    ...(version !== undefined && { 'os.version': version }),
  }
}
