import type { ContentSource } from '#content'
import type { ForeignRecords } from './foreign-records.ts'
import type { KnownResult, PortableMount } from './model.ts'

/** A cache that a build reads: of another machine, or of an earlier build. */
export interface CacheSource {
  /** For messages. */
  readonly name: string
  /** The results of steps, by key in hex. */
  readonly results: ReadonlyMap<string, KnownResult>
  /** What BuildKit wrote. Absent when there is nothing of it. */
  readonly foreign?: ForeignRecords | undefined
  /** The contents of cache mounts, by ID. */
  readonly mounts: ReadonlyMap<string, PortableMount>
  /** Bytes that the contents of cache mounts may still take on this machine, before compression. */
  readonly mountRoom: { bytes: number }
  /** The layers of the results. They are read when a step needs them. */
  readonly content: ContentSource
}
