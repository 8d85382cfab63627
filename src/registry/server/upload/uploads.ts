import type { Ingest } from '#content'
import { type Digest, digestAlgorithm, isStrakeError, StrakeError } from '#oci'
import { pullScope } from '../../auth/scope.ts'
import { type Endpoint, formatEndpoint } from '../../endpoints.ts'
import { isStorageFull } from '../../storage-full.ts'
import type { Context } from '../context.ts'
import { openRepository } from '../open-repository.ts'
import { TooLargeError } from '../refusals.ts'
import { reply, replyError } from '../reply.ts'
import {
  announcedLength,
  type ContentRange,
  parseContentRange,
  receiveBody,
} from './receive-body.ts'
import type { UploadSession } from './session.ts'
import type { SessionKey } from './sessions.ts'

type UploadEndpoint = Extract<Endpoint, { kind: 'upload' }>

/** Mounts a blob, receives a whole blob, or opens a session. */
export async function startUpload(
  context: Context,
  request: Request,
  endpoint: Extract<Endpoint, { kind: 'uploads' }>,
): Promise<Response> {
  const { repository: name, digest, mount, from, algorithm } = endpoint
  const repository = openRepository(context, name, context.grant.name)
  if (mount !== undefined) {
    const mayPull = (source: string) => context.grant.may(pullScope(source))
    const mounted = await repository.mount(mount, { from, mayPull, signal: request.signal })
    if (mounted !== undefined) return created(name, mount)
  }
  if (digest !== undefined) {
    const expectedSize = announcedLength(request) ?? 0
    await using ingest = await repository.ingest({
      algorithm: digestAlgorithm(digest),
      expectedSize,
    })
    await receiveBody(context, request, ingest)
    await ingest.commit(digest)
    return created(name, digest)
  }
  const owner = context.grant.name ?? context.exchange.address
  return accepted(
    await context.sessions.begin(name, { owner, sender: context.grant.name, algorithm }),
  )
}

export async function uploadStatus(
  context: Context,
  _request: Request,
  endpoint: UploadEndpoint,
): Promise<Response> {
  return accepted(await context.sessions.look(keyOf(context, endpoint)), 204)
}

export async function patchUpload(
  context: Context,
  request: Request,
  endpoint: UploadEndpoint,
): Promise<Response> {
  return context.sessions.use(keyOf(context, endpoint), async (own) => {
    const misplaced = checkPlace(request, own)
    if (misplaced !== undefined) return misplaced
    await receive(context, request, { session: own, expectedSize: sizeOfChunked(request) })
    return accepted(own)
  })
}

export async function finishUpload(
  context: Context,
  request: Request,
  endpoint: UploadEndpoint,
): Promise<Response> {
  const { digest } = endpoint
  if (digest === undefined) {
    throw new StrakeError('DIGEST_INVALID', 'Cannot finish the upload: its digest is missing')
  }
  return context.sessions.use(keyOf(context, endpoint), async (own) => {
    const misplaced = checkPlace(request, own)
    return misplaced ?? finish(context, request, { session: own, digest })
  })
}

export async function cancelUpload(
  context: Context,
  _request: Request,
  endpoint: UploadEndpoint,
): Promise<Response> {
  return context.sessions.use(keyOf(context, endpoint), async (own) => {
    await own.end()
    return reply(204)
  })
}

/** A chunk of this many bytes is likely one of several. */
const largeChunk = 4 * 1024 * 1024

/** Returns the size of a blob that begins with the chunk of a request, or `undefined` if it may be large. */
function sizeOfChunked(request: Request): number | undefined {
  const length = announcedLength(request) ?? 0
  return length < largeChunk ? length : undefined
}

function keyOf({ grant }: Context, { repository, session }: UploadEndpoint): SessionKey {
  return { repository, session, sender: grant.name }
}

/** Receives the rest and commits the blob. A wrong digest ends the session. */
async function finish(
  context: Context,
  request: Request,
  { session, digest }: { readonly session: UploadSession; readonly digest: Digest },
): Promise<Response> {
  const expectedSize = announcedLength(request) ?? 0
  const ingest = await receive(context, request, { session, expectedSize })
  try {
    await ingest.commit(digest)
  } catch (error) {
    if (isStrakeError(error, 'DIGEST_INVALID', 'SIZE_INVALID')) await session.end()
    throw error
  }
  await session.end()
  return created(session.repository, digest)
}

/**
 * Streams the body into the session. The sender can continue the session after a broken body, while the
 * storage does not answer, and on the server that another request uses. Every other failure of the
 * storage ends it.
 */
async function receive(
  context: Context,
  request: Request,
  {
    session,
    expectedSize,
  }: { readonly session: UploadSession; readonly expectedSize: number | undefined },
): Promise<Ingest> {
  const ingest = await session.ingest(expectedSize)
  try {
    await receiveBody(context, request, ingest)
  } catch (error) {
    if (!mayContinue(error)) await session.end()
    throw error
  }
  return ingest
}

function mayContinue(error: unknown): boolean {
  if (error instanceof TooLargeError || isStorageFull(error)) return false
  return isStrakeError(error, 'BLOB_UPLOAD_INVALID', 'SIZE_INVALID', 'UNAVAILABLE', 'CONFLICT')
}

/** Returns a 416 with the session's real offset, unless the request continues there. */
function checkPlace(request: Request, session: UploadSession): Response | undefined {
  const header = request.headers.get('Content-Range')
  if (header === null) return undefined
  const range = parseContentRange(header)
  if (range?.start === session.size) {
    checkLength(request, range)
    return undefined
  }
  const error = new StrakeError(
    'RANGE_INVALID',
    `Cannot continue the upload: byte ${session.size} comes next`,
  )
  return replyError(error, 416, { Range: rangeOf(session), Location: locationOf(session) })
}

function checkLength(request: Request, range: ContentRange): void {
  const { headers } = request
  const length = headers.get('Content-Length')
  if (length === null || Number(length) === range.length) return
  throw new StrakeError(
    'SIZE_INVALID',
    `Cannot continue the upload: a range of ${range.length} bytes is announced with ${length} bytes`,
  )
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

/** Returns a relative URL, so that a forged `Host` cannot move the upload to another server. */
function locationOf({ repository, id }: UploadSession): string {
  return formatEndpoint({ kind: 'upload', repository, session: id })
}

function rangeOf({ size }: UploadSession): string {
  return `0-${Math.max(0, size - 1)}`
}
