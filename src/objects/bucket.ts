import { StrakeError } from '#oci'
import { type Bytes, mapOrdered } from '#stream'
import { blocksOf } from './blocks.ts'
import {
  type AskBucket,
  type ListedObject,
  listObjects,
  listUnfinished,
  type UnfinishedObject,
  unescapeXml,
} from './listing.ts'
import { presignGet } from './presign.ts'
import { bodyOf, type RequestOptions, readText, send } from './request.ts'
import { type AwsCredentials, encodeForSignature, signRequest } from './signature.ts'

export interface BucketOptions extends RequestOptions {
  readonly bucket: string
  readonly region: string
  /** Default: the endpoint of Amazon for the region. */
  readonly endpoint?: string | undefined
  /** The bucket is in the path instead of in the host. */
  readonly usesPath: boolean
  readonly credentials: AwsCredentials
  /** Parts of one object that are sent at a time. */
  readonly parallel: number
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined
}

export interface ObjectStatus {
  /** Bytes. */
  readonly size: number
  /** Milliseconds since 1970. */
  readonly modified: number
}

/** A bucket of S3 or of a compatible service. */
export interface Bucket {
  status(key: string): Promise<ObjectStatus | undefined>
  /** Yields an object from byte `start` to the byte before `end`. Throws `NOT_FOUND`. */
  read(key: string, start?: number, end?: number): Bytes
  /** Writes an object of `size` bytes. Its parts are in memory while they are sent. */
  write(key: string, bytes: Bytes, size: number): Promise<void>
  /** Writes an object from memory with one request. */
  put(key: string, body: Uint8Array<ArrayBuffer>): Promise<void>
  /** Makes an object as new as one that is written now. */
  touch(key: string): Promise<void>
  /** An absent object is not an error. */
  delete(key: string): Promise<void>
  /** Yields the objects whose keys begin with `prefix`, in the order of keys. */
  list(prefix: string): AsyncIterable<ListedObject>
  /** Returns a URL with which anybody can read an object for some seconds. */
  locate(key: string, seconds: number): URL
  /** Objects that are written in parts, which any process may send. */
  readonly parts: ObjectParts
}

/** An object in parts: `uploadId` names the object that is being written. */
export interface ObjectParts {
  start(key: string): Promise<string>
  /** Returns the tag of the part, for `finish`. Parts but the last have 5 MiB at least. */
  write(
    key: string,
    uploadId: string,
    part: { readonly number: number; readonly body: Uint8Array<ArrayBuffer> },
  ): Promise<string>
  /** `tags` are those of the parts 1, 2, 3 and so on. */
  finish(key: string, uploadId: string, tags: readonly string[]): Promise<void>
  /** Drops the parts. An upload that is gone is not an error. */
  abort(key: string, uploadId: string): Promise<void>
  /** Yields the objects that are being written and whose keys begin with `prefix`. */
  list(prefix: string): AsyncIterable<UnfinishedObject>
}

/** Bytes of a part; S3 takes 5 MiB at least. Large objects have larger parts. */
const partSize = 8 * 1024 * 1024
const mostParts = 10_000

/** Bytes of an answer in XML. */
const mostXml = 1024 * 1024

export function openBucket(options: BucketOptions): Bucket {
  const { bucket, region, credentials, now = Date.now } = options
  const request = async (
    method: string,
    key: string,
    {
      query = {},
      headers = {},
      body,
      accepted = [200],
      verb,
    }: {
      readonly query?: Readonly<Record<string, string>>
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: Uint8Array<ArrayBuffer>
      readonly accepted?: readonly number[]
      readonly verb: string
    },
  ): Promise<Response> => {
    const url = objectUrl(options, key)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    const sign = () =>
      signRequest({ method, url, headers, body }, { credentials, region, now: new Date(now()) })
    const what = `${verb} ${key} in the bucket ${bucket}`
    return await send({ method, url, headers: sign, body, accepted, what }, options)
  }
  const ask = async (query: Readonly<Record<string, string>>): Promise<string> => {
    const answer = await request('GET', '', { query, verb: 'list objects' })
    return await readText(answer, mostXml, options.silence)
  }
  const put = async (key: string, body: Uint8Array<ArrayBuffer>): Promise<void> => {
    await request('PUT', key, { body, verb: 'write' })
  }
  const parts = partsOf(request, ask, options)
  return {
    async status(key) {
      const answer = await request('HEAD', key, { accepted: [200, 404], verb: 'look for' })
      if (answer.status === 404) return undefined
      return {
        size: Number(answer.headers.get('content-length') ?? 0),
        modified: Date.parse(answer.headers.get('last-modified') ?? '') || 0,
      }
    },
    async *read(key, start = 0, end) {
      if (end !== undefined && end <= start) return
      const isWhole = start === 0 && end === undefined
      const last = end === undefined ? '' : String(end - 1)
      const headers = isWhole ? {} : { range: `bytes=${start}-${last}` }
      const accepted = [isWhole ? 200 : 206]
      const answer = await request('GET', key, { headers, accepted, verb: 'read' })
      yield* bodyOf(answer, options.silence)
    },
    async write(key, bytes, size) {
      const most = Math.max(partSize, Math.ceil(size / mostParts))
      // Larger than a small object, so that its bytes are proved by their end before they are sent.
      const blockSize = Math.min(size + 1, most)
      const blocks = blocksOf(bytes, blockSize)
      const first = await blocks.next()
      if (first.done === true || first.value.length === size) {
        const body = first.done === true ? new Uint8Array() : first.value
        await blocks.return(undefined)
        await put(key, body)
        return
      }
      const all = startingWith(first.value, blocks)
      await writeParts(key, all, { parts, options })
    },
    put,
    async delete(key) {
      await request('DELETE', key, { accepted: [204, 200, 404], verb: 'delete' })
    },
    list: (prefix) => listObjects(ask, prefix),
    locate: (key, seconds) =>
      presignGet(objectUrl(options, key), { credentials, region, now: new Date(now()), seconds }),
    parts,
    async touch(key) {
      const source = encodeForSignature(`/${bucket}/${key}`, true)
      const headers = {
        'x-amz-copy-source': source,
        'x-amz-metadata-directive': 'REPLACE',
        'x-amz-meta-updated-at': new Date(now()).toISOString(),
      }
      const answer = await request('PUT', key, { headers, verb: 'renew' })
      refuseError(await readText(answer, mostXml, options.silence), `renew ${key}`)
    },
  }
}

type Request = (
  method: string,
  key: string,
  options: {
    readonly query?: Readonly<Record<string, string>>
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: Uint8Array<ArrayBuffer>
    readonly accepted?: readonly number[]
    readonly verb: string
  },
) => Promise<Response>

function partsOf(request: Request, ask: AskBucket, { silence }: BucketOptions): ObjectParts {
  return {
    async start(key) {
      const started = await request('POST', key, { query: { uploads: '' }, verb: 'write' })
      const text = await readText(started, mostXml, silence)
      const uploadId = unescapeXml(/<UploadId>([^<]{1,1024})<\/UploadId>/.exec(text)?.[1] ?? '')
      if (uploadId !== '') return uploadId
      throw new StrakeError('INVALID', `Cannot write ${key}: there is no upload`)
    },
    async write(key, uploadId, { number, body }) {
      const query = { partNumber: String(number), uploadId }
      const answer = await request('PUT', key, { query, body, verb: 'write' })
      return answer.headers.get('etag') ?? ''
    },
    async finish(key, uploadId, tags) {
      const list = tags.map(
        (tag, index) =>
          `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escapeXml(tag)}</ETag></Part>`,
      )
      const document = `<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`
      const body = new TextEncoder().encode(document)
      const answer = await request('POST', key, { query: { uploadId }, body, verb: 'write' })
      refuseError(await readText(answer, mostXml, silence), `write ${key}`)
    },
    async abort(key, uploadId) {
      const query = { uploadId }
      await request('DELETE', key, { query, accepted: [204, 200, 404], verb: 'give up' })
    },
    list: (prefix) => listUnfinished(ask, prefix),
  }
}

async function writeParts(
  key: string,
  blocks: AsyncIterable<Uint8Array<ArrayBuffer>>,
  { parts, options }: { readonly parts: ObjectParts; readonly options: BucketOptions },
): Promise<void> {
  const uploadId = await parts.start(key)
  try {
    let count = 0
    const sent = mapOrdered(blocks, options.parallel, (body) => {
      count += 1
      return parts.write(key, uploadId, { number: count, body })
    })
    await parts.finish(key, uploadId, await Array.fromAsync(sent))
  } catch (error) {
    await parts.abort(key, uploadId).catch(() => {})
    throw error
  }
}

async function* startingWith<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield first
  yield* rest
}

/** S3 reports some failures after the status 200. */
function refuseError(text: string, what: string): void {
  const code = /<Error>.*<Code>([A-Za-z]{1,60})<\/Code>/s.exec(text)?.[1]
  if (code !== undefined) throw new StrakeError('UNAVAILABLE', `Cannot ${what}: ${code}`)
}

function objectUrl({ bucket, region, endpoint, usesPath }: BucketOptions, key: string): URL {
  const base = new URL(endpoint ?? `https://s3.${region}.amazonaws.com`)
  const path = encodeForSignature(key, true)
  const before = base.pathname.replace(/\/$/, '')
  // A certificate does not cover names below the bucket's own name.
  const isInPath = usesPath || bucket.includes('.')
  if (isInPath) base.pathname = `${before}/${bucket}/${path}`
  else {
    base.host = `${bucket}.${base.host}`
    base.pathname = `${before}/${path}`
  }
  return base
}

function escapeXml(text: string): string {
  return text.replace(/[<>&"]/g, (char) => `&#${char.charCodeAt(0)};`)
}
