import type { CacheContent } from '#engine/cache/place'
import { isGrpcError, type Metadata } from '#grpc'
import { type Descriptor, type Digest, StrakeError } from '#oci'
import { type Bytes, rechunk, verified } from '#stream'
import type { ClientSession } from './client-session.ts'
import { Info, Read, Write, writeAction } from './messages/content.ts'

/** Bytes of one message. Clients in Go take 4 MiB. */
const partSize = 1024 * 1024

/**
 * A store of blobs on the machine of the client: an image layout, or a cache. `store` is the name
 * that the client has given it. Only the client opens the directory.
 */
export class ClientContent implements CacheContent {
  readonly #session: ClientSession
  readonly #metadata: Metadata

  constructor(session: ClientSession, store: string) {
    this.#session = session
    this.#metadata = { 'buildkit-attachable-store-id': store }
  }

  async has({ digest }: Descriptor, signal?: AbortSignal): Promise<boolean> {
    return (await this.sizeOf(digest, signal)) !== undefined
  }

  /** Returns `undefined` for an absent blob. */
  async sizeOf(digest: Digest, signal?: AbortSignal): Promise<number | undefined> {
    this.#session.require(Info.path, 'blobs')
    try {
      const options = { metadata: this.#metadata, signal }
      const { info } = await this.#session.client.call(Info, { digest }, options)
      return info?.size
    } catch (error) {
      if (isGrpcError(error, 'NOT_FOUND')) return undefined
      throw error
    }
  }

  read(target: Descriptor, options: Parameters<CacheContent['read']>[1] = {}): Bytes {
    const { start = 0, end = target.size, readerVerifies = false, signal } = options
    const bytes = this.#read(target.digest, { start, end, signal })
    const isWhole = start === 0 && end === target.size
    return isWhole && !readerVerifies ? verified(bytes, target) : bytes
  }

  async *#read(
    digest: Digest,
    { start, end, signal }: { start: number; end: number; signal: AbortSignal | undefined },
  ): Bytes {
    if (start === end) return
    const { client } = this.#session
    const stream = client.open(Read, { metadata: this.#metadata, signal })
    await stream.send({ digest, offset: start, size: end - start })
    stream.end()
    let at = start
    try {
      for await (const { offset, data } of stream) {
        if (offset !== at || at + data.length > end) throw broken(digest, 'it sent another part')
        at += data.length
        if (data.length > 0) yield data
      }
    } catch (cause) {
      if (!isGrpcError(cause, 'NOT_FOUND')) throw cause
      throw new StrakeError('NOT_FOUND', `Cannot read ${digest}: the client does not have it`, {
        cause,
      })
    }
    if (at !== end) throw broken(digest, 'it sent a part only')
  }

  async write(
    expected: Descriptor,
    bytes: Bytes,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): ReturnType<CacheContent['write']> {
    this.#session.require(Write.path, 'a place for blobs')
    const { digest, size } = expected
    const stream = this.#session.client.open(Write, { metadata: this.#metadata, signal })
    const answers = stream[Symbol.asyncIterator]()
    // Each request is answered, and the answer to a refused one is the status of the call.
    const ask = async (request: Parameters<typeof stream.send>[0]): Promise<number> => {
      await stream.send(request).catch(() => {})
      const { done, value } = await answers.next()
      if (done === true) throw broken(digest, 'it ended the transfer')
      return value.offset
    }
    try {
      const about = { ref: `strake-${digest}`, total: size, expected: digest }
      // The client may have the beginning of an earlier transfer.
      const known = await ask({ action: writeAction.begin, ...about })
      let at = 0
      for await (const chunk of rechunk(bytes, partSize)) {
        const data = chunk.subarray(Math.min(Math.max(known - at, 0), chunk.length))
        const offset = at + chunk.length - data.length
        at += chunk.length
        if (data.length > 0) await ask({ action: writeAction.write, ...about, offset, data })
      }
      await ask({ action: writeAction.commit, ...about, offset: size })
      stream.end()
      return 'written'
    } catch (error) {
      if (isGrpcError(error, 'ALREADY_EXISTS')) return 'exists'
      throw error
    } finally {
      stream.cancel()
    }
  }
}

function broken(digest: Digest, reason: string): StrakeError {
  return new StrakeError('UNAVAILABLE', `Cannot exchange ${digest} with the client: ${reason}`)
}
