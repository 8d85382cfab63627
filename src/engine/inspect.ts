import { inspectContainer } from '#container'
import { inspectImage } from '#image'
import { isStrakeError, parseReference, StrakeError } from '#oci'
import { containerContext } from './container/container-context.ts'
import type { Engine } from './engine.ts'
import { findImage } from './image/find-image.ts'

/**
 * Everything known about a container or image, in the shape that Docker gives
 * it. A name that both have means the container, unless `type` says otherwise.
 * Throws `NOT_FOUND`.
 */
export async function inspect(engine: Engine, name: string, type?: string): Promise<object> {
  if (type !== undefined && type !== 'container' && type !== 'image') {
    throw new StrakeError('UNSUPPORTED', `Cannot inspect a ${type}: there are container and image`)
  }
  const container = type === 'image' ? undefined : await inspectOne(engine, name)
  if (container) return container
  const image = type === 'container' ? undefined : await inspectImageNamed(engine, name)
  if (image) return image
  throw new StrakeError(
    'NOT_FOUND',
    `Cannot inspect ${name}: no such ${type ?? 'container or image'}`,
    {
      remedy: 'see strake ps --all and strake images',
    },
  )
}

async function inspectOne(engine: Engine, name: string): Promise<object | undefined> {
  if (engine.records.containers.list().length === 0) return undefined
  const context = await containerContext(engine)
  try {
    return inspectContainer(context, name)
  } catch (error) {
    if (isStrakeError(error, 'NOT_FOUND')) return undefined
    throw error
  }
}

async function inspectImageNamed(engine: Engine, name: string): Promise<object | undefined> {
  const found = findImage(engine.records, name)
  if (!found) return undefined
  const { records } = engine
  const names = records.tags.namesOf(found.image.digest)
  const moved = names.map((one) => records.tags.get(one)?.updatedAt ?? 0)
  return inspectImage(await engine.openImage(found.image), {
    names: names.map(parseReference),
    size: found.image.totalSize,
    ...(moved.length === 0 ? {} : { lastTagTime: Math.max(...moved) }),
  })
}
