import type { Bytes } from '#stream'
import { azureVersion, type BlobRequest, writeBlockBlob } from './block-blob.ts'
import { bodyOf, type RequestOptions, readText, send } from './request.ts'
import { type SharedKey, signBlobRequest } from './shared-key.ts'
import { encodeForSignature } from './signature.ts'

export interface ContainerOptions extends RequestOptions {
  /** The address of the storage account. */
  readonly url: string
  readonly container: string
  readonly credentials: SharedKey
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined
}

/** A container of Azure's blob service. */
export interface Container {
  has(key: string): Promise<boolean>
  /** Yields a blob from byte `start` on. Throws `NOT_FOUND`. */
  read(key: string, start?: number): Bytes
  /** Writes a blob. Makes the container when there is none. */
  write(key: string, bytes: Bytes): Promise<void>
}

/** Bytes of an answer without content. */
const mostText = 65_536

export function openContainer(options: ContainerOptions): Container {
  const { container, credentials, now = Date.now } = options
  const base = new URL(options.url)
  const before = `${base.pathname.replace(/\/+$/, '')}/${encodeForSignature(container, false)}`
  const urlOf = (key?: string): URL => {
    const url = new URL(base)
    url.pathname = key === undefined ? before : `${before}/${encodeForSignature(key, true)}`
    return url
  }
  const sign = (request: BlobRequest): Readonly<Record<string, string>> =>
    signBlobRequest(request, credentials, new Date(now()))
  const request = async (
    method: 'GET' | 'HEAD' | 'PUT',
    url: URL,
    { accepted, what, range }: { accepted: number[]; what: string; range?: string },
  ): Promise<Response> => {
    const own = { 'x-ms-version': azureVersion, ...(range !== undefined && { range }) }
    const headers = () => sign({ method, url, headers: own, length: 0 })
    return await send({ method, url, headers, accepted, what }, options)
  }
  const make = async (): Promise<void> => {
    const url = urlOf()
    url.searchParams.set('restype', 'container')
    const what = `find the container ${container}`
    const found = await request('HEAD', url, { accepted: [200, 404], what })
    if (found.status === 200) return
    // Another machine may make it at the same time.
    const made = { accepted: [201, 409], what: `make the container ${container}` }
    await readText(await request('PUT', url, made), mostText, options.silence)
  }
  let making: Promise<void> | undefined
  return {
    async has(key) {
      const what = `look for ${key} in the container ${container}`
      return (await request('HEAD', urlOf(key), { accepted: [200, 404], what })).status === 200
    },
    async *read(key, start = 0) {
      const what = `read ${key} in the container ${container}`
      const part = start === 0 ? {} : { range: `bytes=${start}-` }
      const accepted = [start === 0 ? 200 : 206]
      yield* bodyOf(await request('GET', urlOf(key), { accepted, what, ...part }), options.silence)
    },
    async write(key, bytes) {
      making ??= make()
      await making
      const what = `write ${key} to the container ${container}`
      await writeBlockBlob({ url: urlOf(key), what, options, sign }, bytes)
    },
  }
}
