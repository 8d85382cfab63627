import { type Digest, digestAlgorithm, isStrakeError, StrakeError } from '#oci'
import { type Bytes, limited } from '#stream'
import { type Endpoint, formatEndpoint } from '../endpoints.ts'
import type { Context } from './context.ts'
import { reply, replyError } from './reply.ts'
import type { UploadSession } from './sessions.ts'

type UploadEndpoint = Extract<Endpoint, { kind: 'upload' }>

/** Opens a session, or does the whole upload, or mounts. */
export async function startUpload(
  context: Context,
  request: Request,
  endpoint: Extract<Endpoint, { kind: 'uploads' }>,
): Promise<Response> {
  const { repository: name, digest, mount, from, algorithm } = endpoint
  const repository = context.registry.repository(name)
  if (mount !== undefined) {
    const mounted = await repository.mount(mount, from === undefined ? {} : { from })
    if (mounted !== undefined) return created(name, mount)
  }
  const wanted = digest === undefined ? algorithm : digestAlgorithm(digest)
  const session = await context.sessions.open(name, () =>
    repository.ingest(wanted === undefined ? {} : { algorithm: wanted }),
  )
  if (digest === undefined) return accepted(session)
  return context.sessions.use(name, session.id, (own) => finish(context, request, own, digest))
}

export async function uploadStatus(
  context: Context,
  _request: Request,
  { repository, session }: UploadEndpoint,
): Promise<Response> {
  return accepted(context.sessions.get(repository, session), 204)
}

export async function patchUpload(
  context: Context,
  request: Request,
  { repository, session }: UploadEndpoint,
): Promise<Response> {
  return context.sessions.use(repository, session, async (own) => {
    const misplaced = checkPlace(request, own)
    if (misplaced !== undefined) return misplaced
    await receive(context, request, own)
    return accepted(own)
  })
}

export async function finishUpload(
  context: Context,
  request: Request,
  { repository, session, digest }: UploadEndpoint,
): Promise<Response> {
  if (digest === undefined) {
    throw new StrakeError('DIGEST_INVALID', 'Cannot finish the upload: its digest is missing')
  }
  return context.sessions.use(repository, session, async (own) => {
    const misplaced = checkPlace(request, own)
    return misplaced ?? finish(context, request, own, digest)
  })
}

export async function cancelUpload(
  context: Context,
  _request: Request,
  { repository, session }: UploadEndpoint,
): Promise<Response> {
  return context.sessions.use(repository, session, async (own) => {
    context.sessions.close(own)
    await own.ingest.abort()
    return reply(204)
  })
}

/** Receives what is left and commits it. A wrong digest ends the session: its bytes are worthless. */
async function finish(
  context: Context,
  request: Request,
  session: UploadSession,
  digest: Digest,
): Promise<Response> {
  await receive(context, request, session)
  try {
    await session.ingest.commit(digest)
  } catch (error) {
    if (isStrakeError(error, 'DIGEST_INVALID', 'SIZE_INVALID')) {
      context.sessions.close(session)
      await session.ingest.abort()
    }
    throw error
  }
  context.sessions.close(session)
  return created(session.repository, digest)
}

/** Streams the body into the session, and insists on the length that was announced. */
async function receive(context: Context, request: Request, session: UploadSession): Promise<void> {
  const { body } = request
  const range = parseContentRange(request.headers.get('Content-Range'))
  const announced = range?.length ?? lengthOf(request)
  const before = session.ingest.size
  if (body !== null) await append(context, session, body, announced)
  const received = session.ingest.size - before
  if (announced === undefined || received === announced) return
  throw new StrakeError(
    'SIZE_INVALID',
    `Cannot receive the upload: ${announced} bytes were announced and ${received} came`,
  )
}

/**
 * A body that breaks off leaves the session where it got to, for the sender to
 * continue; storage that breaks ends it.
 */
async function append(
  context: Context,
  session: UploadSession,
  body: Bytes,
  max: number | undefined,
): Promise<void> {
  let isSenderAtFault = false
  const watched = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* max === undefined ? body : limited(body, max, 'the request body')
    } catch (error) {
      isSenderAtFault = true
      throw error
    }
  }
  try {
    await session.ingest.append(watched())
  } catch (error) {
    if (isSenderAtFault) {
      if (isStrakeError(error)) throw error
      const message = 'Cannot receive the upload: its body broke off'
      throw new StrakeError('BLOB_UPLOAD_INVALID', message, { cause: error })
    }
    context.sessions.close(session)
    await session.ingest.abort()
    throw error
  }
}

/** A 416 that shows where the session really is, unless the request continues exactly there. */
function checkPlace(request: Request, session: UploadSession): Response | undefined {
  const header = request.headers.get('Content-Range')
  if (header === null) return undefined
  const range = parseContentRange(header)
  const length = lengthOf(request)
  if (range?.start === session.ingest.size) {
    if (length === undefined || length === range.length) return undefined
    throw new StrakeError(
      'SIZE_INVALID',
      `Cannot continue the upload: a range of ${range.length} bytes is announced with ${length} bytes`,
    )
  }
  const error = new StrakeError(
    'RANGE_INVALID',
    `Cannot continue the upload: byte ${session.ingest.size} comes next`,
  )
  return replyError(error, 416, { Range: rangeOf(session), Location: locationOf(session) })
}

function parseContentRange(
  header: string | null,
): { readonly start: number; readonly length: number } | undefined {
  const match = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?$/.exec(header?.trim() ?? '')
  if (match === null) return undefined
  const [start, last] = [Number(match[1]), Number(match[2])]
  return last < start ? undefined : { start, length: last - start + 1 }
}

function lengthOf(request: Request): number | undefined {
  const header = request.headers.get('Content-Length')
  return header !== null && /^\d{1,15}$/.test(header) ? Number(header) : undefined
}

function accepted(session: UploadSession, status = 202): Response {
  return reply(status, {
    Location: locationOf(session),
    Range: rangeOf(session),
    'Docker-Upload-UUID': session.id,
  })
}

function created(repository: string, digest: Digest): Response {
  return reply(201, {
    Location: formatEndpoint({ kind: 'blob', repository, digest }),
    'Docker-Content-Digest': digest,
  })
}

/** Relative, so that a forged `Host` cannot send the rest of the upload elsewhere. */
function locationOf({ repository, id }: UploadSession): string {
  return formatEndpoint({ kind: 'upload', repository, session: id })
}

function rangeOf({ ingest }: UploadSession): string {
  return `0-${Math.max(0, ingest.size - 1)}`
}
