import type { Delivered } from '../output/deliver.ts'

/**
 * Formats the file of `--metadata-file`, with Docker's keys in Docker's order. Without an image it
 * is an empty object.
 */
export function formatMetadata(delivered: Delivered | undefined, names: readonly string[]): string {
  if (delivered === undefined) return '{}'
  const { imageId, descriptor } = delivered
  const { mediaType, digest, size } = descriptor
  const metadata = {
    ...(imageId !== undefined && { 'containerimage.config.digest': imageId }),
    'containerimage.descriptor': { mediaType, digest, size },
    'containerimage.digest': digest,
    ...(names.length > 0 && { 'image.name': names.join(',') }),
  }
  return JSON.stringify(metadata, undefined, 2)
}
