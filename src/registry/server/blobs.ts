import { requestedRange, type Span, weighConditions } from '#http'
import { type Descriptor, StrakeError } from '#oci'
import { type Bytes, keepChunk, toReadableStream } from '#stream'
import type { Endpoint } from '../endpoints.ts'
import type { Repository } from '../registry.ts'
import type { Context } from './context.ts'
import { type ReplyBody, reply, replyError } from './reply.ts'
import { readSound } from './sound.ts'

type BlobEndpoint = Extract<Endpoint, { kind: 'blob' }>

/** A blob of this size or less is read into memory, which is faster than sending a file. */
const smallSize = 16 * 1024

export async function getBlob(
  context: Context,
  request: Request,
  { repository: name, digest }: BlobEndpoint,
): Promise<Response> {
  const repository = context.registry.repository(name)
  const blob = await repository.resolveBlob(digest, request.signal)
  const etag = `"${digest}"`
  const headers = {
    'Docker-Content-Digest': digest,
    ETag: etag,
    'Accept-Ranges': 'bytes',
    'Content-Type': 'application/octet-stream',
    'Content-Disposition': 'attachment',
    'Cache-Control': 'max-age=31536000, immutable',
  }
  const verdict = weighConditions(request, etag)
  if (verdict === 'not-modified') return reply(304, headers)
  if (verdict === 'failed') return replyFailedCondition(digest)
  const span = requestedRange(request, blob.size, etag)
  if (span === 'unsatisfiable') {
    const error = new StrakeError('SIZE_INVALID', `Cannot serve ${digest}: no such range`)
    return replyError(error, 416, { 'Content-Range': `bytes */${blob.size}` })
  }
  const { start, end } = span ?? { start: 0, end: blob.size }
  const described = {
    ...headers,
    'Content-Length': String(end - start),
    'Content-Range': span && `bytes ${start}-${end - 1}/${blob.size}`,
  }
  const status = span === undefined ? 200 : 206
  if (request.method === 'HEAD') return reply(status, described)
  const elsewhere = await context.options.locate?.(digest)
  if (elsewhere !== undefined) return reply(307, { Location: elsewhere.href })
  const { signal } = request
  const part = { repository, blob, start, end, signal }
  const body = await readSound(
    () => openBody(context, part),
    async () => {
      // The store is asked again, because its last answer may be believed for a second.
      await repository.has(blob)
      await repository.resolveBlob(digest, signal)
    },
  )
  return reply(status, described, body)
}

export async function deleteBlob(
  context: Context,
  request: Request,
  { repository: name, digest }: BlobEndpoint,
): Promise<Response> {
  checkDeletable(context)
  const repository = context.registry.repository(name)
  await repository.delete(await repository.resolveBlob(digest, request.signal))
  return reply(202, { 'Docker-Content-Digest': digest })
}

export function checkDeletable(context: Context): void {
  if (context.options.deletable !== false) return
  throw new StrakeError('UNSUPPORTED', 'Cannot delete: this registry keeps everything')
}

export function replyFailedCondition(what: string): Response {
  const message = `Cannot serve ${what}: a condition of the request does not hold`
  return replyError(new StrakeError('DENIED', message), 412)
}

interface Part extends Span {
  readonly repository: Repository
  readonly blob: Descriptor
  readonly signal: AbortSignal
}

async function openBody(context: Context, part: Part): Promise<ReplyBody> {
  const { repository, blob, start, end, signal } = part
  const file = blob.size <= smallSize ? undefined : await context.options.openBlob?.(blob)
  if (file?.size === blob.size) return file.slice(start, end)
  const isWhole = start === 0 && end === blob.size
  const range = isWhole ? { signal } : { start, end, signal }
  return bodyOf(repository.read(blob, range), end - start)
}

/** Returns content of one chunk as a buffer, because the runtime sends no length for a stream. */
async function bodyOf(bytes: Bytes, size: number): Promise<ReplyBody> {
  const iterator = bytes[Symbol.asyncIterator]()
  const { done, value } = await iterator.next()
  if (done === true) return new Uint8Array(0)
  const first = keepChunk(value)
  if (first.byteLength < size) return toReadableStream(resumed(first, iterator))
  // The content is verified at the end of the iteration.
  while ((await iterator.next()).done !== true);
  return first
}

/** Returns the bytes of an iterator after its first chunk was taken, that chunk included. */
function resumed(first: Uint8Array, iterator: AsyncIterator<Uint8Array>): Bytes {
  let taken: Uint8Array | undefined = first
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        const value = taken
        taken = undefined
        return value === undefined ? iterator.next() : { value, done: false }
      },
      async return() {
        await iterator.return?.()
        return { value: undefined, done: true }
      },
    }),
  }
}
