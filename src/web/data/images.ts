import {
  type Digest,
  isDigest,
  isLayerType,
  isStrakeError,
  type Manifest,
  parseManifestOrIndex,
  StrakeError,
} from '#oci'
import type { Repository } from '#registry'
import type { FileTree } from '../files/file-tree.ts'
import { describePlatform } from './platform.ts'
import type { Source } from './source.ts'

/** One image of a tag or digest. */
export interface FoundImage {
  readonly digest: Digest
  readonly manifest: Manifest
  /** Present if an index chose it. */
  readonly platform?: string | undefined
}

/** Returns the image that a reference names; of an index its first one. */
export async function findImage(
  repository: Repository,
  reference: string,
  signal: AbortSignal,
): Promise<FoundImage> {
  const { descriptor, raw } = await repository.readManifest(reference, signal)
  const parsed = parseManifestOrIndex(raw, descriptor.mediaType)
  if (parsed.kind === 'manifest') return { digest: descriptor.digest, manifest: parsed.manifest }
  const chosen = parsed.index.manifests.find(({ platform }) => platform?.os !== 'unknown')
  if (chosen === undefined) {
    throw new StrakeError('NOT_FOUND', `Cannot show the files of ${reference}: it names no image`)
  }
  const inner = await repository.readManifest(chosen.digest, signal)
  const own = parseManifestOrIndex(inner.raw, inner.descriptor.mediaType)
  if (own.kind === 'index') {
    throw new StrakeError(
      'UNSUPPORTED',
      `Cannot show the files of ${reference}: open one of its platforms`,
    )
  }
  const platform = chosen.platform && describePlatform(chosen.platform)
  return { digest: chosen.digest, manifest: own.manifest, platform }
}

/** Returns the files of an image as a container sees them. */
export async function readImageTree(
  { layers: index }: Source,
  repository: Repository,
  { manifest }: FoundImage,
): Promise<FileTree> {
  if (!manifest.layers.every(({ mediaType }) => isLayerType(mediaType))) {
    const message = 'Cannot show files: this is an artifact without a file system'
    throw new StrakeError('NOT_FOUND', message)
  }
  const digests = manifest.layers.map(({ digest }) => digest)
  return await index.readTree(repository, digests)
}

export interface FoundTree {
  readonly tree: FileTree
  readonly platform?: string | undefined
}

/** Returns the files of an image, or of a layer if the digest is that of a blob. */
export async function readTree(
  source: Source,
  name: string,
  reference: string,
): Promise<FoundTree> {
  const repository = source.registry.repository(name)
  try {
    const image = await findImage(repository, reference, source.signal)
    return { tree: await readImageTree(source, repository, image), platform: image.platform }
  } catch (error) {
    if (!isDigest(reference) || !isStrakeError(error, 'MANIFEST_UNKNOWN')) throw error
    return { tree: await source.layers.readTree(repository, [reference]) }
  }
}
