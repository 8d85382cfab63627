import { type ContainerDetails, inspectContainer } from '#container'
import type { Image } from '#image'
import { isStrakeError, parseReference, type Reference, StrakeError } from '#oci'
import { containerContext } from './container/container-context.ts'
import type { Engine } from './engine.ts'
import { findImage } from './image/find-image.ts'

/** Everything that the store records about an image. */
export interface ImageDetails {
  readonly image: Image
  /** Its tags and digests. */
  readonly names: readonly Reference[]
  /** Bytes of all layers, uncompressed. */
  readonly size: number
  /** The last time at which a name was set; absent without a name. */
  readonly lastTagTime?: Date | undefined
}

export type Inspected =
  | { readonly kind: 'container'; readonly container: ContainerDetails }
  | { readonly kind: 'image'; readonly image: ImageDetails }

/**
 * Returns everything that the store records about a container or image. A name that both
 * have means the container, unless `kind` is `image`. Throws `NOT_FOUND`.
 */
export async function inspect(
  engine: Engine,
  name: string,
  kind?: Inspected['kind'],
): Promise<Inspected> {
  const container = kind === 'image' ? undefined : await findContainer(engine, name)
  if (container) return { kind: 'container', container }
  const image = kind === 'container' ? undefined : await describeImage(engine, name)
  if (image) return { kind: 'image', image }
  throw new StrakeError(
    'NOT_FOUND',
    `Cannot inspect ${name}: no such ${kind ?? 'container or image'}`,
    { remedy: 'see strake ps --all and strake images' },
  )
}

async function findContainer(engine: Engine, name: string): Promise<ContainerDetails | undefined> {
  if (engine.records.containers.list().length === 0) return undefined
  const context = await containerContext(engine)
  try {
    return inspectContainer(context, name)
  } catch (error) {
    if (isStrakeError(error, 'NOT_FOUND')) return undefined
    throw error
  }
}

async function describeImage(engine: Engine, name: string): Promise<ImageDetails | undefined> {
  const found = findImage(engine.records, name)
  if (!found) return undefined
  const { records } = engine
  const names = records.tags.namesOf(found.image.digest)
  const moved = names.map((one) => records.tags.get(one)?.updatedAt ?? 0)
  return {
    image: await engine.openImage(found.image),
    names: names.map(parseReference),
    size: found.image.totalSize,
    lastTagTime: moved.length === 0 ? undefined : new Date(Math.max(...moved)),
  }
}
