import type { ReceivedImage } from '#engine/output/build-output'

/** An image that a build made. */
export interface ImageResult extends Pick<ReceivedImage, 'descriptor' | 'imageId'> {
  readonly names: readonly string[]
}

/** What clients want to know about an image that a build made. */
export function imageFacts({
  descriptor,
  imageId,
  names,
}: ImageResult): Readonly<Record<string, string>> {
  const { mediaType, digest, size, annotations } = descriptor
  const document = { mediaType, digest, size, ...(annotations !== undefined && { annotations }) }
  return {
    'containerimage.digest': digest,
    'containerimage.descriptor': Buffer.from(JSON.stringify(document)).toString('base64'),
    // An index has no configuration.
    ...(imageId !== undefined && { 'containerimage.config.digest': imageId }),
    ...(names.length > 0 && { 'image.name': names.join(',') }),
  }
}
