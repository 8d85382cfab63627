import { type ContainerDetails, findContainer as findMended, inspectContainer } from '#container'
import { readDocument } from '#content'
import type { Image } from '#image'
import {
  type Descriptor,
  isStrakeError,
  parsePlatform,
  parseReference,
  type Reference,
  StrakeError,
} from '#oci'
import { containerContext } from './container/container-context.ts'
import type { Engine } from './engine.ts'
import { type FoundImage, findImage, getImageFor } from './image/find-image.ts'

/** Everything that the store records about an image. */
export interface ImageDetails {
  readonly image: Image
  /** The index that the name means; `image` is then the one for this machine, else the first. */
  readonly index?: IndexDetails | undefined
  /** Its tags and digests. */
  readonly names: readonly Reference[]
  /** Bytes of all layers, uncompressed. */
  readonly size: number
  /** The last time at which a name was set; absent without a name. */
  readonly lastTagTime?: Date | undefined
}

/** An index and its contents. */
export interface IndexDetails {
  readonly descriptor: Descriptor
  /** In its order, attestations and manifests that are not in the store included. */
  readonly manifests: readonly { readonly descriptor: Descriptor; readonly isPresent: boolean }[]
}

export type Inspected =
  | { readonly kind: 'container'; readonly container: ContainerDetails }
  | { readonly kind: 'image'; readonly image: ImageDetails }

export interface InspectOptions {
  readonly kind?: Inspected['kind'] | undefined
  /** Describes this platform of an image without its index. It implies the kind `image`. */
  readonly platform?: string | undefined
}

/**
 * Returns everything that the store records about a container or image. A name that both
 * have means the container, unless `kind` is `image`. Throws `NOT_FOUND`.
 */
export async function inspect(
  engine: Engine,
  name: string,
  { platform, kind = platform === undefined ? undefined : 'image' }: InspectOptions = {},
): Promise<Inspected> {
  const container = kind === 'image' ? undefined : await findContainer(engine, name)
  if (container) return { kind: 'container', container }
  const image = kind === 'container' ? undefined : await describeImage(engine, name, platform)
  if (image) return { kind: 'image', image }
  throw new StrakeError(
    'NOT_FOUND',
    `Cannot inspect ${name}: ${kind === undefined ? 'no such object' : `No such ${kind}`}: ${name}`,
    { remedy: 'see strake ps --all and strake images' },
  )
}

async function findContainer(engine: Engine, name: string): Promise<ContainerDetails | undefined> {
  if (engine.records.containers.list().length === 0) return undefined
  const context = await containerContext(engine)
  try {
    const { id } = await findMended(context, name)
    return inspectContainer(context, id)
  } catch (error) {
    if (isStrakeError(error, 'NOT_FOUND')) return undefined
    throw error
  }
}

async function describeImage(
  engine: Engine,
  name: string,
  platform: string | undefined,
): Promise<ImageDetails | undefined> {
  const { records } = engine
  const found = findImage(records, name)
  if (found === undefined) return undefined
  if (platform === undefined) return await describeFound(engine, found)
  const one = getImageFor(records, name, parsePlatform(platform), 'inspect')
  return { ...(await describeFound(engine, one)), index: undefined }
}

async function describeFound(engine: Engine, found: FoundImage): Promise<ImageDetails> {
  const { records } = engine
  const names = records.tags.namesOf(found.index?.descriptor.digest ?? found.image.digest)
  const moved = names.map((one) => records.tags.get(one)?.updatedAt ?? 0)
  return {
    image: await engine.openImage(found.image),
    index: found.index && (await describeIndex(engine, found.index.descriptor)),
    names: names.map(parseReference),
    size: found.image.totalSize,
    lastTagTime: moved.length === 0 ? undefined : new Date(Math.max(...moved)),
  }
}

async function describeIndex(
  { content }: Engine,
  descriptor: Descriptor,
): Promise<IndexDetails | undefined> {
  const { parsed } = await readDocument(content, descriptor)
  if (parsed.kind !== 'index') return undefined
  const manifests = await Array.fromAsync(parsed.index.manifests, async (child) => ({
    descriptor: child,
    isPresent: await content.has(child),
  }))
  return { descriptor, manifests }
}
