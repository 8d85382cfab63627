import { type Descriptor, StrakeError } from '#oci'
import type { KeptChunk } from '#stream'
import type { Endpoint } from '../endpoints.ts'
import type { Repository } from '../registry.ts'
import { toReadableStream } from '../web-stream.ts'
import type { Context } from './context.ts'
import { reply, replyError } from './reply.ts'

type BlobEndpoint = Extract<Endpoint, { kind: 'blob' }>

export async function getBlob(
  context: Context,
  request: Request,
  { repository: name, digest }: BlobEndpoint,
): Promise<Response> {
  const repository = context.registry.repository(name)
  const blob = await repository.resolveBlob(digest, request.signal)
  const headers = {
    'Docker-Content-Digest': digest,
    ETag: `"${digest}"`,
    'Accept-Ranges': 'bytes',
    'Content-Type': 'application/octet-stream',
    'Content-Disposition': 'attachment',
    'Cache-Control': 'max-age=31536000, immutable',
  }
  if (request.headers.get('If-None-Match') === headers.ETag) return reply(304, headers)
  const span = parseRange(request.headers.get('Range'), blob.size)
  if (span === 'unsatisfiable') {
    const error = new StrakeError('RANGE_INVALID', `Cannot serve ${digest}: no such range`)
    const response = replyError(error, request.method)
    response.headers.set('Content-Range', `bytes */${blob.size}`)
    return response
  }
  const { start, end } = span ?? { start: 0, end: blob.size }
  const status = span === undefined ? 200 : 206
  const described = {
    ...headers,
    'Content-Length': String(end - start),
    'Content-Range': span === undefined ? undefined : `bytes ${start}-${end - 1}/${blob.size}`,
  }
  if (request.method === 'HEAD') return reply(status, described)
  return reply(
    status,
    described,
    await openBody(context, request, { repository, blob, start, end }),
  )
}

export async function deleteBlob(
  context: Context,
  request: Request,
  { repository: name, digest }: BlobEndpoint,
): Promise<Response> {
  checkDeletable(context)
  const repository = context.registry.repository(name)
  await repository.delete(await repository.resolveBlob(digest, request.signal))
  return reply(202, { 'Docker-Content-Digest': digest, 'Content-Length': '0' })
}

export function checkDeletable(context: Context): void {
  if (context.options.deletable !== false) return
  throw new StrakeError('UNSUPPORTED', 'Cannot delete: this registry keeps everything')
}

interface Span {
  readonly start: number
  readonly end: number
}

async function openBody(
  context: Context,
  request: Request,
  part: Span & { readonly repository: Repository; readonly blob: Descriptor },
): Promise<Blob | ReadableStream<KeptChunk>> {
  const { repository, blob, start, end } = part
  const file = await context.options.openBlob?.(blob.digest)
  if (file !== undefined && file.size === blob.size) return file.slice(start, end)
  return toReadableStream(repository.read(blob, { start, end, signal: request.signal }))
}

/**
 * The one range asked for, `undefined` for all of it. Several ranges, and what
 * does not parse, count as not asked for, as HTTP allows.
 */
function parseRange(header: string | null, size: number): Span | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '')
  if (match === null) return undefined
  const [, first = '', last = ''] = match
  if (first === '') {
    if (last === '') return undefined
    if (Number(last) === 0 || size === 0) return 'unsatisfiable'
    return { start: Math.max(0, size - Number(last)), end: size }
  }
  const start = Number(first)
  const end = last === '' ? size : Math.min(Number(last) + 1, size)
  if (last !== '' && Number(last) < start) return undefined
  return start >= size ? 'unsatisfiable' : { start, end }
}
