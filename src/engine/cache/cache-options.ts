import type { ImageForm } from '../output/build-output.ts'

/** A cache that a build reads. */
export type CacheImport = LocalImport | RegistryCache

/** A cache that a build writes. */
export type CacheExport = (InlineCache | LocalExport | RegistryCache) & ExportOptions

export interface ExportOptions {
  /** `min` has the layers of the result only, and the names of all others. */
  readonly mode: 'min' | 'max'
  readonly form: CacheForm
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

export interface RegistryCache {
  readonly kind: 'registry'
  readonly reference: string
  /** Allows plain HTTP. */
  readonly insecure: boolean
}

/** The cache of the build argument BUILDKIT_INLINE_CACHE. */
export const inlineExport: CacheExport = {
  kind: 'inline',
  mode: 'min',
  form: { document: 'manifest' },
  ignoresErrors: false,
}
