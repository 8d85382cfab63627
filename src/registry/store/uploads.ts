import type { DigestAlgorithm } from '#oci'

/** An upload between two of its requests. The bytes that came are an ingest of the content store. */
export interface Upload {
  /** 128 random bits in hexadecimal. */
  readonly id: string
  /** The only repository it may be continued in. */
  readonly repository: string
  /** Who began it: a principal's name, or an address. */
  readonly owner: string
  readonly algorithm?: DigestAlgorithm | undefined
  /** The ingest's id, once there is one. */
  readonly ingest?: string | undefined
  /** Milliseconds since 1970. */
  readonly usedAt: number
}

/**
 * The uploads in progress of a registry, where every process that serves it can
 * find them: an upload outlives the server that began it.
 */
export interface UploadFacts {
  /** Adds an upload, or takes the place of what is known of it. */
  put(upload: Upload): Promise<void>
  find(id: string): Promise<Upload | undefined>
  /** Absent is not an error. */
  remove(id: string): Promise<void>
  /** In no order. */
  list(): AsyncIterable<Upload>
}

/** Uploads that end with the process. */
export function createMemoryUploads(): UploadFacts {
  const uploads = new Map<string, Upload>()
  return {
    async put(upload) {
      uploads.set(upload.id, upload)
    },
    find: async (id) => uploads.get(id),
    async remove(id) {
      uploads.delete(id)
    },
    async *list() {
      yield* uploads.values()
    },
  }
}
