import { annotationsFor, type BuildAnnotation, type BuildResult } from '#build'
import { createIndex, type Image, openImage } from '#image'
import type { Descriptor, Digest, ImageName } from '#oci'
import { publishIndex } from '../content/publish-index.ts'
import type { Engine } from '../engine.ts'
import { recordImage } from '../image/record-image.ts'
import { recordIndex } from '../image/record-index.ts'

/** What a build made, in the store. */
export interface NamedResult {
  /** The descriptor of the manifest, or of the index of several platforms. */
  readonly descriptor: Descriptor
  /** Absent for an index. */
  readonly imageId: Digest | undefined
}

/** Records the image of a build, or the index of its images, with its names. */
export async function nameResult(
  engine: Engine,
  built: BuildResult['images'],
  {
    names,
    annotations = [],
  }: {
    readonly names: readonly ImageName[]
    readonly annotations?: readonly BuildAnnotation[] | undefined
  },
): Promise<NamedResult> {
  const images = await Array.fromAsync(built, ({ descriptor }) =>
    openImage(engine.content, descriptor),
  )
  const [first, ...others] = images
  if (first === undefined) throw new RangeError('A build makes one image at least')
  const named = { names, by: 'build' } as const
  if (others.length === 0) {
    await recordImage(engine, first, named)
    await publishIndex(engine)
    return first
  }
  const descriptor = await createIndex(engine.content, {
    images: images.map((image) => withDescriptorAnnotations(image, annotations)),
    annotations: annotationsFor(annotations, 'index'),
  })
  await recordIndex(engine, { descriptor, images }, named)
  await publishIndex(engine)
  return { descriptor, imageId: undefined }
}

/** Adds the annotations that the index has beside the digest of an image. */
function withDescriptorAnnotations(
  { descriptor, config }: Image,
  wanted: readonly BuildAnnotation[],
): Pick<Image, 'descriptor' | 'config'> {
  const annotations = annotationsFor(wanted, 'manifest-descriptor', config)
  if (annotations === undefined) return { descriptor, config }
  const both = { ...descriptor.annotations, ...annotations }
  return { descriptor: { ...descriptor, annotations: both }, config }
}

/** Formats the file of `--metadata-file`, with Docker's keys in Docker's order. */
export function formatMetadata(
  { imageId, descriptor }: NamedResult,
  names: readonly string[],
): string {
  const { mediaType, digest, size } = descriptor
  const metadata = {
    ...(imageId !== undefined && { 'containerimage.config.digest': imageId }),
    'containerimage.descriptor': { mediaType, digest, size },
    'containerimage.digest': digest,
    ...(names.length > 0 && { 'image.name': names.join(',') }),
  }
  return JSON.stringify(metadata, undefined, 2)
}
