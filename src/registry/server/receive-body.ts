import type { Ingest } from '#content'
import { isStrakeError, StrakeError } from '#oci'
import { type Bytes, freeing, limited, steady } from '#stream'
import type { Context } from './context.ts'

/** Where a chunk goes. */
export interface ContentRange {
  readonly start: number
  readonly length: number
}

/**
 * Streams a body into an ingest, and insists on the length that was announced.
 * Throws `BLOB_UPLOAD_INVALID` or `SIZE_INVALID` where the sender is at fault;
 * the ingest then has what came before.
 */
export async function receiveBody(
  { exchange }: Context,
  request: Request,
  ingest: Ingest,
): Promise<void> {
  const announced = announcedLength(request)
  const before = ingest.size
  if (request.body !== null) {
    // Of many uploads at once, what waits for a collection is most of the memory.
    const body = exchange.canFreeBody === true ? freeing(request.body) : request.body
    await ingest.append(watched(body, announced))
  }
  const received = ingest.size - before
  if (announced === undefined || received === announced) return
  throw new StrakeError(
    'SIZE_INVALID',
    `Cannot receive the upload: ${announced} bytes were announced and ${received} came`,
  )
}

/** What goes wrong with the body is the sender's fault; what else goes wrong is not. */
async function* watched(body: Bytes, max: number | undefined): AsyncGenerator<Uint8Array> {
  const bytes = steady(body)
  try {
    yield* max === undefined ? bytes : limited(bytes, max, 'the request body')
  } catch (error) {
    if (isStrakeError(error)) throw error
    const message = 'Cannot receive the upload: its body broke off'
    throw new StrakeError('BLOB_UPLOAD_INVALID', message, { cause: error })
  }
}

/** Bytes that the body has, as its range or its length says. */
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
