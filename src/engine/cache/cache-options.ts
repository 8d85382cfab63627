import type { AwsCredentials } from '#objects'
import type { ImageForm } from '../output/build-output.ts'
import type { CachePlace } from './place.ts'

/** A cache that a build reads. */
export type CacheImport = { readonly mounts?: MountLimits | undefined } & (
  | LocalImport
  | GivenCache
  | RegistryCache
  | S3Cache
  | AzureCache
  | ActionsCacheOptions
)

/** A cache that a build writes. */
export type CacheExport = ExportOptions &
  (
    | InlineCache
    | LocalExport
    | GivenCache
    | RegistryCache
    | S3Cache
    | AzureCache
    | ActionsCacheOptions
  )

export interface ExportOptions {
  /** `min` has the layers of the result only, and the names of all others. */
  readonly mode: 'min' | 'max'
  readonly form: CacheForm
  /**
   * Also writes records that BuildKit finds, and the layers of base images. `small` leaves out steps
   * with large directories of contexts.
   */
  readonly forBuildkit: 'none' | 'small' | 'all'
  /** A failure is a warning. */
  readonly ignoresErrors: boolean
  /** Absent when the contents of cache mounts are not written. */
  readonly mounts?: MountLimits | undefined
}

/** The form of written layers and of the document that lists them. */
export interface CacheForm extends Pick<ImageForm, 'level' | 'isForced'> {
  readonly compression?: 'uncompressed' | 'gzip' | 'zstd' | undefined
  /** `index` is the format of BuildKit before 0.21, `docker` the same with media types of Docker. */
  readonly document: 'manifest' | 'index' | 'docker'
}

export interface MountLimits {
  /** Bytes of all cache mounts together, before compression. */
  readonly mostBytes: number
}

/** In the configuration of the image. */
export interface InlineCache {
  readonly kind: 'inline'
}

/** An OCI image layout on this machine. */
export interface LocalImport {
  readonly kind: 'local'
  readonly directory: string
  readonly tag: string
  /** Instead of the tag. */
  readonly digest?: string | undefined
}

export interface LocalExport {
  readonly kind: 'local'
  readonly directory: string
  readonly tag: string
  /** Removes blobs that no tag refers to. */
  readonly resets: boolean
}

/** A place that the caller keeps, such as one on the machine of a client. */
export interface GivenCache {
  readonly kind: 'given'
  readonly open: (document: CacheForm['document'] | undefined) => CachePlace
}

export interface RegistryCache {
  readonly kind: 'registry'
  readonly reference: string
  /** Allows plain HTTP. */
  readonly insecure: boolean
}

/** A bucket of S3. */
export interface S3Cache {
  readonly kind: 's3'
  /** Default: `AWS_BUCKET`. */
  readonly bucket?: string | undefined
  /** Default: `AWS_REGION`. */
  readonly region?: string | undefined
  readonly endpoint?: string | undefined
  readonly usesPath: boolean
  /** Before every key. */
  readonly prefix: string
  readonly blobsPrefix: string
  readonly manifestsPrefix: string
  /** The first one is read, and all are written. */
  readonly names: readonly string[]
  /** Default: those of the environment, or of a file. */
  readonly credentials?: AwsCredentials | undefined
  /** Milliseconds after which an object that is used again is made new. */
  readonly touchAfter: number
  readonly parallel: number
  /** All tries of one request. */
  readonly attempts: number
}

/** A container of Azure's blob service. */
export interface AzureCache {
  readonly kind: 'azblob'
  /** Default: `BUILDKIT_AZURE_STORAGE_ACCOUNT_URL`. */
  readonly url?: string | undefined
  /** Default: `BUILDKIT_AZURE_STORAGE_ACCOUNT_NAME`, or the first label of the host. */
  readonly account?: string | undefined
  /** Default: `BUILDKIT_AZURE_STORAGE_CONTAINER`, or `buildkit-cache`. */
  readonly container?: string | undefined
  /** Default: `BUILDKIT_AZURE_STORAGE_PREFIX`. */
  readonly prefix?: string | undefined
  readonly blobsPrefix: string
  readonly manifestsPrefix: string
  /** The first one is read, and all are written. */
  readonly names: readonly string[]
  /** In base64. Default: `AZURE_STORAGE_KEY`. */
  readonly key?: string | undefined
}

/** The cache of GitHub Actions. */
export interface ActionsCacheOptions {
  readonly kind: 'gha'
  readonly scope: string
  /** Default: `ACTIONS_RESULTS_URL`. */
  readonly url?: string | undefined
  /** Default: `ACTIONS_RUNTIME_TOKEN`. */
  readonly token?: string | undefined
  /** Milliseconds for the answer to a request. */
  readonly timeout: number
}

/** The cache of the build argument BUILDKIT_INLINE_CACHE. */
export const inlineExport: CacheExport = {
  kind: 'inline',
  mode: 'min',
  form: { document: 'manifest' },
  forBuildkit: 'none',
  ignoresErrors: false,
}
