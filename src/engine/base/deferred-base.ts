import type { BaseImage, ResolveOptions } from '#build'
import { rememberDocuments } from '#content'
import { openImage } from '#image'
import { formatPlatform, normalizePlatform, parseReference } from '#oci'
import type { Engine } from '../engine.ts'
import { pull } from '../image/pull.ts'

/**
 * Reads the documents of a base image in its registry. Its layers are pulled when a step needs
 * them, which may never happen in a build that has a cache.
 */
export async function deferredBase(
  engine: Engine,
  text: string,
  { platform, emit, signal }: ResolveOptions,
): Promise<BaseImage> {
  const reference = parseReference(text)
  const registry = await engine.registry(reference.registry, emit)
  const repository = registry.repository(reference.repository)
  const root = await repository.resolve(reference.digest ?? reference.tag ?? 'latest', signal)
  const source = rememberDocuments(repository)
  const image = await openImage(source, root, normalizePlatform(platform), signal)
  const options = { platform: formatPlatform(platform), keepsPlatforms: true, emit, signal }
  const pullLayers = async (early?: AbortSignal): Promise<void> => {
    const signals = [signal, early].filter((each) => each !== undefined)
    const stoppable = { ...options, signal: AbortSignal.any(signals) }
    const { manifest } = await pull(engine, text, stoppable)
    // The tag may have moved since, and the steps use the image that it meant then.
    if (manifest.digest === image.descriptor.digest) return
    const name = `${reference.registry}/${reference.repository}@${root.digest}`
    await pull(engine, name, stoppable)
  }
  let pulling: Promise<void> | undefined
  const fetch = (early?: AbortSignal): Promise<void> => {
    pulling ??= pullLayers(early)
    return pulling
  }
  return { ...image, root: root.digest, fetch }
}
