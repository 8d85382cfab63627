import { createHash } from 'node:crypto'

/** An S3 server of a test: buckets in memory, and failures on demand. Checks no signatures. */
export interface S3Server extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  /** Returns a bucket, which begins to exist. */
  bucket(name: string): StandInBucket
  /** Every request so far: `PUT`, `GET list`, `PUT part`. */
  readonly requests: string[]
  /** Asked before each request. What it returns is the answer; it may wait, or never return. */
  intercept: (kind: string, request: Request) => Promise<Response | undefined> | undefined
}

export interface StandInBucket {
  readonly objects: Map<string, StoredObject>
  /** Objects that are being written in parts, by upload ID. */
  readonly uploads: Map<string, { readonly key: string; readonly parts: Map<number, StoredObject> }>
}

export interface StoredObject {
  readonly bytes: Uint8Array
  readonly tag: string
  readonly modified: Date
}

/** Bytes that S3 wants in every part but the last. */
const leastPart = 5 * 1024 * 1024

/** Milliseconds by which the clock of a sender may differ. */
const mostSkew = 15 * 60_000

export function startS3Server(): S3Server {
  const buckets = new Map<string, StandInBucket>()
  const requests: string[] = []
  const bucket = (name: string): StandInBucket => {
    const found = buckets.get(name) ?? { objects: new Map(), uploads: new Map() }
    buckets.set(name, found)
    return found
  }
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const url = new URL(request.url)
      const kind = kindOf(request, url)
      requests.push(kind)
      const answer = await own.intercept(kind, request)
      if (answer !== undefined) return answer
      const [, name = '', key = ''] = /^\/([^/]+)\/?(.*)$/.exec(url.pathname) ?? []
      const found = buckets.get(name)
      if (found === undefined) return refuse(404, 'NoSuchBucket')
      return (
        refuseSender(request, url) ??
        (await serve(found, kind, { request, url, key: decodeURIComponent(key) }))
      )
    },
  })
  const own: S3Server = {
    url: `http://127.0.0.1:${server.port}`,
    bucket,
    requests,
    intercept: () => undefined,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
  return own
}

function kindOf({ method }: Request, { searchParams, pathname }: URL): string {
  const isBucket = /^\/[^/]+\/?$/.test(pathname)
  if (isBucket) return searchParams.has('uploads') ? `${method} uploads` : `${method} list`
  if (searchParams.has('partNumber')) return `${method} part`
  if (searchParams.has('uploads')) return `${method} start`
  if (searchParams.has('uploadId')) return method === 'DELETE' ? 'DELETE parts' : `${method} finish`
  return method
}

/** Refuses a sender without a signature, and one whose clock is wrong, as S3 does. */
function refuseSender({ headers }: Request, { searchParams }: URL): Response | undefined {
  const isSigned = /^AWS4-HMAC-SHA256 /.test(headers.get('authorization') ?? '')
  const time = headers.get('x-amz-date') ?? searchParams.get('X-Amz-Date') ?? ''
  if (!isSigned && !searchParams.has('X-Amz-Signature')) return refuse(403, 'AccessDenied')
  const [, date, clock] = /^(\d{8})T(\d{6})Z$/.exec(time) ?? []
  const iso = `${date?.replace(/(....)(..)/, '$1-$2-')}T${clock?.replace(/(..)(..)/, '$1:$2:')}Z`
  const age = Date.now() - Date.parse(iso)
  const late = Number(searchParams.get('X-Amz-Expires') ?? Number.NaN) * 1000
  const most = Number.isNaN(late) ? mostSkew : late
  return age > -mostSkew && age < most ? undefined : refuse(403, 'RequestTimeTooSkewed')
}

interface Asked {
  readonly request: Request
  readonly url: URL
  readonly key: string
}

async function serve(
  { objects, uploads }: StandInBucket,
  kind: string,
  { request, url, key }: Asked,
): Promise<Response> {
  const { searchParams: query } = url
  const upload = uploads.get(query.get('uploadId') ?? '')
  if (/ (?:part|finish)$/.test(kind) && upload?.key !== key) return refuse(404, 'NoSuchUpload')
  switch (kind) {
    case 'HEAD':
    case 'GET':
      return answerObject(objects.get(key), request)
    case 'PUT': {
      const source = request.headers.get('x-amz-copy-source')
      const copied = objects.get(decodeURIComponent(source ?? '').replace(/^\/?[^/]+\//, ''))
      if (source !== null && copied === undefined) return refuse(404, 'NoSuchKey')
      const stored = storedOf(copied?.bytes ?? (await request.bytes()))
      objects.set(key, stored)
      return new Response(source === null ? '' : '<CopyObjectResult/>', {
        headers: { etag: stored.tag },
      })
    }
    case 'DELETE':
      objects.delete(key)
      return new Response(null, { status: 204 })
    case 'GET list':
      return listOf(objects, query)
    case 'GET uploads': {
      const prefix = query.get('prefix') ?? ''
      const found = [...uploads].filter(([, each]) => each.key.startsWith(prefix))
      const items = found.map(
        ([id, each]) => `<Upload><Key>${each.key}</Key><UploadId>${id}</UploadId></Upload>`,
      )
      return new Response(`<R><IsTruncated>false</IsTruncated>${items.join('')}</R>`)
    }
    case 'POST start': {
      const id = crypto.randomUUID()
      uploads.set(id, { key, parts: new Map() })
      return new Response(`<R><UploadId>${id}</UploadId></R>`)
    }
    case 'PUT part': {
      const part = storedOf(await request.bytes())
      upload?.parts.set(Number(query.get('partNumber')), part)
      return new Response('', { headers: { etag: part.tag } })
    }
    case 'POST finish': {
      const tags = [...(await request.text()).matchAll(/<ETag>([^<]*)<\/ETag>/g)].map(
        ([, tag = '']) => tag.replaceAll('&#34;', '"'),
      )
      const parts = tags.map((_, index) => upload?.parts.get(index + 1))
      if (parts.some((part, index) => part?.tag !== tags[index])) return refuse(400, 'InvalidPart')
      const chunks = parts.map((part) => part?.bytes ?? new Uint8Array())
      const isSmall = chunks.slice(0, -1).some(({ length }) => length < leastPart)
      if (isSmall) return refuse(400, 'EntityTooSmall')
      objects.set(key, storedOf(Buffer.concat(chunks)))
      uploads.delete(query.get('uploadId') ?? '')
      return new Response('<R/>')
    }
    case 'DELETE parts':
      uploads.delete(query.get('uploadId') ?? '')
      return new Response(null, { status: 204 })
    default:
      return refuse(501, 'NotImplemented')
  }
}

function answerObject(found: StoredObject | undefined, request: Request): Response {
  if (found === undefined) return refuse(404, 'NoSuchKey')
  const { bytes, tag, modified } = found
  const headers = { etag: tag, 'last-modified': modified.toUTCString() }
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get('range') ?? '') ?? []
  if (first === undefined) return new Response(new Uint8Array(bytes), { headers })
  const end = last === '' ? bytes.length : Number(last) + 1
  const part = new Uint8Array(bytes.subarray(Number(first), end))
  const range = `bytes ${first}-${Number(first) + part.length - 1}/${bytes.length}`
  return new Response(part, { status: 206, headers: { ...headers, 'content-range': range } })
}

function listOf(objects: ReadonlyMap<string, StoredObject>, query: URLSearchParams): Response {
  const [prefix, after] = [query.get('prefix') ?? '', query.get('start-after') ?? '']
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort()
  const page = keys.slice(0, 1000).map((key) => {
    const { bytes, modified } = objects.get(key) ?? storedOf(new Uint8Array())
    const facts = `<Size>${bytes.length}</Size><LastModified>${modified.toISOString()}</LastModified>`
    return `<Contents><Key>${key}</Key>${facts}</Contents>`
  })
  const isTruncated = `<IsTruncated>${keys.length > 1000}</IsTruncated>`
  return new Response(`<ListBucketResult>${isTruncated}${page.join('')}</ListBucketResult>`)
}

function storedOf(bytes: Uint8Array): StoredObject {
  const tag = `"${createHash('md5').update(bytes).digest('hex')}"`
  return { bytes, tag, modified: new Date() }
}

function refuse(status: number, code: string): Response {
  return new Response(`<Error><Code>${code}</Code></Error>`, { status })
}
