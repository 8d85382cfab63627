import { type ContentSource, copy, readDocument } from '#content'
import { type Image, openImage } from '#image'
import {
  type Descriptor,
  formatPlatform,
  isIndexType,
  isRunnable,
  matchPlatform,
  normalizePlatform,
  type Platform,
  parsePlatform,
} from '#oci'
import { hostPlatform } from '#platform'
import type { Emit } from '#stream'
import type { Engine } from '../engine.ts'
import { targetOf } from './find-target.ts'
import { openIndex, type StoredIndex } from './record-index.ts'

/** The platforms to pull. */
export interface PlatformChoice {
  /** `os/architecture[/variant]`. Default: this machine. */
  readonly platform?: string | undefined
  /**
   * Fetches the images for several platforms, or the whole index with its attestations. The name
   * then means the index. Excludes `platform`.
   */
  readonly platforms?: readonly string[] | 'all' | undefined
}

interface Receiving {
  /** What the name means in the registry: an index. */
  readonly root: Descriptor
  /** The image that is in the store already. */
  readonly image: Image
  readonly name: string
  readonly emit: Emit
  readonly signal: AbortSignal | undefined
}

/** Returns the platforms to fetch, none for all. The one of this machine comes first. */
export function wantedPlatforms({ platform, platforms }: PlatformChoice): readonly Platform[] {
  if (platforms === 'all') return []
  const own = normalizePlatform(hostPlatform())
  const wanted = (platforms ?? []).map(parsePlatform)
  if (platform !== undefined) wanted.push(parsePlatform(platform))
  if (wanted.length === 0) return [own]
  const distinct = new Map(wanted.map((each) => [formatPlatform(each), each]))
  const isOwn = (each: Platform): boolean => formatPlatform(each) === formatPlatform(own)
  return [...distinct.values()].toSorted((a, b) => Number(isOwn(b)) - Number(isOwn(a)))
}

/** Opens the image that is unpacked: of all platforms that of this machine, else the first. */
export async function openFirst(
  source: ContentSource,
  root: Descriptor,
  wanted: readonly Platform[],
  signal: AbortSignal | undefined,
): Promise<Image> {
  const [first] = wanted
  if (first !== undefined) return await openImage(source, root, first, signal)
  const own = normalizePlatform(hostPlatform())
  if (!isIndexType(root.mediaType)) return await openImage(source, root, own, signal)
  const { parsed } = await readDocument(source, root, signal)
  const children = parsed.kind === 'index' ? parsed.index.manifests : []
  const chosen = matchPlatform(own, children) ?? children.find(isRunnable)
  return await openImage(source, chosen ?? root, own, signal)
}

/** Fetches the other platforms of an index, or all of it, and returns what the store then has of it. */
export async function receiveOthers(
  engine: Engine,
  { near, source }: { readonly near: ContentSource; readonly source: ContentSource },
  wanted: readonly Platform[],
  { root, image, name, emit, signal }: Receiving,
): Promise<StoredIndex> {
  const options = { emit, signal }
  if (wanted.length === 0) await copy(source, engine.content, root, options)
  else {
    for (const platform of wanted) {
      const { descriptor } = await openImage(near, root, platform, signal)
      if (descriptor.digest !== image.descriptor.digest) {
        await copy(source, engine.content, descriptor, options)
      }
    }
    await engine.content.write(root, source.read(root, { signal }), { signal })
  }
  const known = targetOf(
    engine.records,
    engine.records.tags.get(name)?.target.digest ?? root.digest,
  )
  const kept = new Set(known?.images.map(({ digest }) => digest))
  const { images } = await openIndex(engine, root)
  const whole: Image[] = []
  for (const each of images) {
    if (kept.has(each.descriptor.digest) || (await isWhole(engine, each))) whole.push(each)
  }
  return { descriptor: root, images: whole }
}

/** Whether the store has all content of an image, not only its documents. */
async function isWhole({ content }: Engine, { layers }: Image): Promise<boolean> {
  for (const { descriptor } of layers) if (!(await content.has(descriptor))) return false
  return true
}
