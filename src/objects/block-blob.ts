import { type Bytes, mapOrdered } from '#stream'
import { blocksOf } from './blocks.ts'
import { type RequestOptions, readText, send } from './request.ts'

/** Bytes of a block of a blob; blocks are sent in parallel. */
const blockSize = 8 * 1024 * 1024
const parallel = 4

/** Bytes of an answer of the service. */
const mostText = 65_536

/** The version of the service's interface. */
export const azureVersion = '2023-11-03'

export interface BlockBlob {
  /** With a signature, or without one if `sign` makes it. */
  readonly url: URL
  /** For messages: `write a to the container b`. */
  readonly what: string
  readonly options: RequestOptions
  /** Returns the headers of a request. Called for every try. */
  readonly sign: (request: BlobRequest) => Readonly<Record<string, string>>
}

export interface BlobRequest {
  readonly method: string
  readonly url: URL
  /** In lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Bytes of the body. */
  readonly length: number
}

/** Uploads a block blob of Azure. It appears when all of its blocks are there. */
export async function writeBlockBlob(blob: BlockBlob, bytes: Bytes): Promise<void> {
  let number = 0
  const ids = mapOrdered(blocksOf(bytes, blockSize), parallel, async (block) => {
    number += 1
    const id = Buffer.from(String(number).padStart(8, '0')).toString('base64')
    await put(blob, { comp: 'block', blockid: id }, block)
    return id
  })
  const list = await Array.fromAsync(ids, (id) => `<Latest>${id}</Latest>`)
  const text = `<?xml version="1.0" encoding="utf-8"?><BlockList>${list.join('')}</BlockList>`
  await put(blob, { comp: 'blocklist' }, new TextEncoder().encode(text))
}

async function put(
  { url, what, options, sign }: BlockBlob,
  query: Readonly<Record<string, string>>,
  body: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const target = new URL(url)
  for (const [name, value] of Object.entries(query)) target.searchParams.set(name, value)
  const headers = (): Readonly<Record<string, string>> =>
    sign({
      method: 'PUT',
      url: target,
      headers: { 'x-ms-version': azureVersion, 'content-type': 'application/octet-stream' },
      length: body.length,
    })
  const request = { method: 'PUT', url: target, headers, body, accepted: [201], what }
  await readText(await send(request, options), mostText, options.silence)
}
