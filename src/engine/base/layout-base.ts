import type { BaseImage, LayoutImage, ResolveOptions } from '#build'
import { type ContentSource, copy, readIndex } from '#content'
import { type Image, openImage } from '#image'
import { type Descriptor, formatPlatform, isStrakeError, StrakeError } from '#oci'
import { isSystemError } from '#platform'
import type { Lease } from '#records'
import type { Engine } from '../engine.ts'
import { layoutSource } from './layout-source.ts'

/**
 * Copies an image of an OCI image layout into the store, for one build. `lease` holds it.
 * Throws `NOT_FOUND`, `CONFLICT` when several images match, and `ContentMismatchError`.
 */
export async function layoutBase(
  engine: Engine,
  layout: LayoutImage,
  { options, lease }: { readonly options: ResolveOptions; readonly lease: Lease },
): Promise<BaseImage> {
  const { platform, emit, signal } = options
  const { source, image } = await openLayoutImage(layout, options)
  try {
    const layers = image.layers.map((layer) => layer.descriptor.digest)
    await lease.hold(image.descriptor.digest, image.imageId, ...layers)
    await copy(source, engine.content, image.descriptor, {
      emit,
      signal,
    })
    return await openImage(engine.content, image.descriptor, platform, signal)
  } catch (cause) {
    if (!isStrakeError(cause)) throw cause
    const reason = cause.message.charAt(0).toLowerCase() + cause.message.slice(1)
    const shown = `${nameOf(layout)} for ${formatPlatform(platform)}`
    throw new StrakeError(cause.code, `Cannot use ${shown} as a base: ${reason}`, { cause })
  }
}

/** Opens an image without copying it into the store. */
export async function openLayoutImage(
  layout: LayoutImage,
  { platform, signal }: Pick<ResolveOptions, 'platform' | 'signal'>,
): Promise<{ readonly source: ContentSource; readonly image: Image }> {
  const { served } = layout
  const descriptor = served ? await served.descriptor() : choose(layout, await manifestsOf(layout))
  const source = served ? served.source : layoutSource(layout.path)
  return { source, image: await openImage(source, descriptor, platform, signal) }
}

function nameOf({ path, image }: LayoutImage): string {
  return `oci-layout://${path}${image}`
}

async function manifestsOf(layout: LayoutImage): Promise<readonly Descriptor[]> {
  try {
    return await readIndex(layout.path)
  } catch (cause) {
    if (!isStrakeError(cause) && !isSystemError(cause)) throw cause
    throw new StrakeError('NOT_FOUND', `Cannot use ${nameOf(layout)}: it has no valid index.json`, {
      cause,
      remedy: 'name a directory with an OCI image layout',
    })
  }
}

/**
 * Returns the image with the tag or digest; without them, the only image or the one tagged
 * latest.
 */
function choose(layout: LayoutImage, manifests: readonly Descriptor[]): Descriptor {
  const { image } = layout
  const tagOf = ({ annotations = {} }: Descriptor): string | undefined =>
    annotations['org.opencontainers.image.ref.name']
  const digest = image.startsWith('@') ? image.slice(1) : undefined
  const tag = image.startsWith(':') ? image.slice(1) : 'latest'
  const [only, ...others] = manifests
  if (image === '' && only !== undefined && others.length === 0) return only
  const found =
    digest === undefined
      ? manifests.filter((each) => tagOf(each) === tag || tagOf(each)?.endsWith(`:${tag}`))
      : manifests.filter((each) => each.digest === digest)
  const [match, ...more] = found
  if (match !== undefined && more.every((each) => each.digest === match.digest)) return match
  const known = manifests.flatMap((each) => tagOf(each) ?? [])
  throw new StrakeError(
    match === undefined ? 'NOT_FOUND' : 'CONFLICT',
    `Cannot use ${nameOf(layout)}: ${match === undefined ? 'it has no such image' : 'several images have this tag'}`,
    { remedy: known.length === 0 ? 'name a digest' : `it has ${known.join(', ')}` },
  )
}
