import type { Digest } from '#oci'
import { type Bytes, createHasher } from '#stream'

/** Bytes whose reader may stop early, and the digest of all of them. */
export interface WholeHash {
  readonly bytes: Bytes
  /** Reads what the reader of `bytes` left. Called once, after that reader. */
  digest(): Promise<Digest>
}

/** A reader of an archive stops at its last entry, and the digest is that of the whole file. */
export function hashWhole(bytes: Bytes): WholeHash {
  const hasher = createHasher()
  const iterator = bytes[Symbol.asyncIterator]()
  const next = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
    const found = await iterator.next()
    if (found.done === true) return { done: true, value: undefined }
    hasher.update(found.value)
    return found
  }
  return {
    // Without `return`, a reader that stops leaves the source open.
    bytes: { [Symbol.asyncIterator]: () => ({ next }) },
    async digest() {
      while ((await next()).done !== true) {}
      return hasher.digest()
    },
  }
}
