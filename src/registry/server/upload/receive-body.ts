import type { Ingest } from '#content'
import { isStrakeError, StrakeError } from '#oci'
import { type Bytes, freeing, limited, steady } from '#stream'
import type { Context } from '../context.ts'
import { TooLargeError } from '../refusals.ts'

/** The place of a chunk in its blob. */
export interface ContentRange {
  readonly start: number
  readonly length: number
}

/**
 * Streams a body into an ingest and checks its announced length. Throws
 * `BLOB_UPLOAD_INVALID` or `SIZE_INVALID` for a fault of the sender. The ingest then keeps
 * the bytes that came.
 */
export async function receiveBody(
  { exchange, options }: Context,
  request: Request,
  ingest: Ingest,
): Promise<void> {
  const announced = announcedLength(request)
  const before = ingest.size
  const room = (options.maxBlobSize ?? Number.POSITIVE_INFINITY) - before
  if ((announced ?? 0) > room) throw new TooLargeError(before + room)
  if (request.body !== null) {
    // Without this, chunks that wait for garbage collection would take most of the memory.
    const body = exchange.canFreeBody === true ? freeing(request.body) : request.body
    const steadily = steady(body, { silence: options.bodySilence })
    const limit = Number.isFinite(room) ? upTo(steadily, room, before + room) : steadily
    try {
      await ingest.append(watched(limit, announced))
    } finally {
      options.onReceived?.(ingest.size - before)
    }
  }
  const received = ingest.size - before
  if (announced === undefined || received === announced) return
  throw new StrakeError(
    'SIZE_INVALID',
    `Cannot receive the upload: ${announced} bytes were announced and ${received} came`,
  )
}

/** Ends a body that makes its blob larger than `most` bytes. */
async function* upTo(body: Bytes, room: number, most: number): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > room) throw new TooLargeError(most)
    yield chunk
  }
}

/** Marks errors of the body as faults of the sender. Errors of the storage stay unmarked. */
async function* watched(body: Bytes, max: number | undefined): AsyncGenerator<Uint8Array> {
  try {
    yield* max === undefined ? body : limited(body, max, 'the request body')
  } catch (error) {
    if (isStrakeError(error)) throw error
    const message = 'Cannot receive the upload: its body broke off'
    throw new StrakeError('BLOB_UPLOAD_INVALID', message, { cause: error })
  }
}

/** Returns the length of the body by its `Content-Range` or `Content-Length`. */
export function announcedLength({ headers }: Request): number | undefined {
  const range = parseContentRange(headers.get('Content-Range'))
  const length = headers.get('Content-Length')
  return range?.length ?? (/^\d{1,15}$/.test(length ?? '') ? Number(length) : undefined)
}

export function parseContentRange(header: string | null): ContentRange | undefined {
  const match = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?$/.exec(header?.trim() ?? '')
  if (match === null) return undefined
  const [start, last] = [Number(match[1]), Number(match[2])]
  return last < start ? undefined : { start, length: last - start + 1 }
}
