import type { BuildAnnotation } from '#build'
import type { ContentStore } from '#content'
import type { Descriptor, Digest, ImageName } from '#oci'
import type { Bytes } from '#stream'

/** Where the result of a build is written, and how. */
export type BuildOutput = TreeOutput | ArchiveOutput | ImageOutput | CacheOnly

/** Takes the result of a build in the place of a file or a directory of this machine. */
export interface ResultReceiver {
  readonly archive: (bytes: Bytes, image: ReceivedImage | undefined) => Promise<void>
  /** The files of a result of kind `local`. The directory is removed afterwards. */
  readonly directory: (path: string) => Promise<void>
  /** The blobs of an image in the place of an archive. */
  readonly blobs: Pick<ContentStore, 'write'>
}

/** The image in an archive. */
export interface ReceivedImage {
  readonly descriptor: Descriptor
  /** Absent for an index. */
  readonly imageId: Digest | undefined
  readonly names: readonly ImageName[]
}

/** The files of the result, as a directory or as a tar archive. */
export interface TreeOutput {
  readonly kind: 'local' | 'tar'
  /** A directory, or a file. Absent for a tar archive on standard output. */
  readonly destination?: string | undefined
  /** The directory of the result that is written. Default: all of it. */
  readonly source?: string | undefined
  /** Removes everything from the directory except the files of the result. */
  readonly isMirror: boolean
  /** A directory for each platform. Default: when there are several platforms. */
  readonly splitsPlatforms?: boolean | undefined
  /** The beginning of the names of files with attestations. */
  readonly attestationPrefix?: string | undefined
  /** In the place of `destination`. */
  readonly receiver?: ResultReceiver | undefined
}

/** The image as an archive or a directory that other programs read. */
export interface ArchiveOutput {
  /** `docker` is also readable by `docker load` of every version. */
  readonly kind: 'oci' | 'docker'
  /** Absent for standard output. */
  readonly destination?: string | undefined
  readonly isDirectory: boolean
  /** In the place of `destination`. */
  readonly receiver?: ResultReceiver | undefined
  /** Default: the names of the build. */
  readonly names?: readonly ImageName[] | undefined
  readonly form: ImageForm
}

/** The image in the store, and in registries. */
export interface ImageOutput {
  readonly kind: 'image'
  /** Default: the names of the build. */
  readonly names?: readonly ImageName[] | undefined
  readonly push: boolean
  /** Pushes without a tag. */
  readonly byDigest: boolean
  readonly form: ImageForm
}

/** Only the build cache keeps the result. */
export interface CacheOnly {
  readonly kind: 'cacheonly'
}

/** The form of a written image. */
export interface ImageForm {
  /** Default: gzip in archives and registries; the store keeps layers as they are. */
  readonly compression?: 'uncompressed' | 'gzip' | 'zstd' | 'estargz' | undefined
  /** gzip and estargz 0 to 9, zstd 1 to 22. */
  readonly level?: number | undefined
  /** Converts layers of base images that are compressed otherwise. */
  readonly isForced?: boolean | undefined
  /** Default `oci`. */
  readonly mediaTypes?: 'oci' | 'docker' | undefined
  /** Whether attestations are an artifact with a subject. Default: true. */
  readonly isArtifact?: boolean | undefined
  readonly annotations?: readonly BuildAnnotation[] | undefined
  /** Clamps the times of files to the time of the build. */
  readonly rewritesTimes?: boolean | undefined
}
