import type { DigestAlgorithm } from '#oci'

/** An upload between two of its requests. Its bytes are an ingest of the content store. */
export interface Upload {
  /** 128 random bits in hexadecimal. */
  readonly id: string
  /** The only repository in which it may continue. */
  readonly repository: string
  /** The sender that began it: a principal's name or an address. */
  readonly owner: string
  /** The principal's name, if its credentials were checked. */
  readonly sender?: string | undefined
  readonly algorithm?: DigestAlgorithm | undefined
  /** The ID of the ingest, after the first bytes. */
  readonly ingest?: string | undefined
  /** Milliseconds since 1970. */
  readonly usedAt: number
}

/**
 * The uploads in progress of a registry. Every process that serves the registry can find
 * them, so an upload outlives the server that began it.
 */
export interface UploadFacts {
  /** Other servers continue these uploads meanwhile, so none of them is remembered. */
  readonly isShared?: boolean
  /** Adds an upload, or replaces it. */
  put(upload: Upload): Promise<void>
  find(id: string): Promise<Upload | undefined>
  /** Absent is not an error. */
  remove(id: string): Promise<void>
  /** In no order. */
  list(): AsyncIterable<Upload>
}

/** Keeps uploads until the process ends. */
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
