import type { Descriptor, Digest, DigestAlgorithm } from '#oci'
import { ContentMismatchError, digestAlgorithm, isStrakeError, StrakeError } from '#oci'
import { type Bytes, createHasher, type KeptBytes, rechunk, verified } from '#stream'
import { pullScope, pushScope } from '../auth/scope.ts'
import { Backoff, connectionError } from '../http/retry.ts'
import { discard } from '../http/transport.ts'
import type { ApiRequest, Connection } from './connection.ts'
import { ReplayWindow } from './replay.ts'
import { UploadSession } from './session.ts'

export interface UploadTarget {
  readonly connection: Connection
  readonly repository: string
  readonly what: string
  /** Sends PATCH requests of this many bytes instead of one PUT. */
  readonly chunkSize?: number | undefined
  /** The algorithm of the digest. Default: sha256. */
  readonly algorithm?: DigestAlgorithm | undefined
  readonly signal?: AbortSignal | undefined
}

const maxChunkSize = 64 * 1024 * 1024
const ingestChunkSize = 4 * 1024 * 1024

/**
 * Opens an upload session. Returns `undefined` when the server mounted the blob instead,
 * from `mount.from` or, without that, from any repository.
 */
export async function startUpload(
  target: UploadTarget,
  mount?: { readonly digest: Digest; readonly from?: string | undefined },
): Promise<UploadSession | undefined> {
  const { connection, repository, what, signal } = target
  const response = (mount && (await tryMount(target, mount))) ?? (await begin(target))
  await discard(response)
  if (response.status === 201) return undefined
  const location = response.headers.get('Location')
  if (location === null) {
    throw new StrakeError('UNAVAILABLE', `Cannot ${what}: the registry opened no upload session`)
  }
  const minChunk = Number(response.headers.get('OCI-Chunk-Min-Length') ?? 0)
  return new UploadSession({
    connection,
    repository,
    what,
    location: connection.resolve(location, connection.resolve({ kind: 'uploads', repository })),
    ...(minChunk > 0 && minChunk <= maxChunkSize ? { minChunk } : {}),
    signal,
  })
}

/** Tries a mount. Returns `undefined` when the registry refuses it, because an upload may still succeed. */
async function tryMount(
  target: UploadTarget,
  { digest, from }: { readonly digest: Digest; readonly from?: string | undefined },
): Promise<Response | undefined> {
  const request = uploadRequest(target, { mount: digest, from })
  const scopes = [...request.scopes, ...(from === undefined ? [] : [pullScope(from)])]
  try {
    return await target.connection.expect({ ...request, scopes }, [202, 201])
  } catch (error) {
    if (!isStrakeError(error)) throw error
    return undefined
  }
}

function begin(target: UploadTarget): Promise<Response> {
  return target.connection.request(uploadRequest(target), [202])
}

function uploadRequest(
  { repository, what, signal, algorithm }: UploadTarget,
  query: { readonly mount?: Digest; readonly from?: string | undefined } = {},
): ApiRequest {
  const other = algorithm === 'sha512' ? { algorithm } : {}
  return {
    method: 'POST',
    to: { kind: 'uploads', repository, ...query, ...other },
    scopes: [pushScope(repository)],
    what,
    missing: 'NAME_UNKNOWN',
    headers: { 'Content-Length': '0' },
    signal,
  }
}

/**
 * Sends a blob through `session`, and continues after a broken connection. Calls `isThere`
 * first after every failure, because the connection may have broken between the server's
 * commit and its answer.
 */
export async function uploadBlob(
  target: UploadTarget,
  first: UploadSession,
  blob: { readonly expected: Descriptor; readonly bytes: Bytes; readonly alreadyVerified: boolean },
  isThere: () => Promise<boolean>,
): Promise<void> {
  const { connection, chunkSize } = target
  const { expected } = blob
  const signal = connection.signal(target.signal)
  const backoff = new Backoff(connection.retry)
  const window = new ReplayWindow(
    blob.alreadyVerified ? blob.bytes : verified(blob.bytes, expected),
    (chunkSize ?? 0) + 8 * 1024 * 1024,
  )
  let session = first
  try {
    for (;;) {
      const before = session.offset
      try {
        if (chunkSize !== undefined) await sendChunks(session, window, chunkSize, expected.size)
        const body = (): KeptBytes => window.from(session.offset)
        await session.finish(expected.digest, { body, size: expected.size })
        return
      } catch (error) {
        if (window.failure !== undefined) throw window.failure.error
        const continues = isStrakeError(error, 'RANGE_INVALID')
        if (!continues) {
          await backoff.wait(connectionError(connection.host, error, signal), signal)
          if (await isThere()) return
        }
        const known = await session.refresh()
        if (!known) session = (await startUpload(target)) ?? session
        if (session.offset > before) backoff.progressed()
        else if (continues) throw error
        if (!window.canRewind(session.offset)) throw error
      }
    }
  } catch (error) {
    await session.cancel()
    throw error
  } finally {
    await window.close()
  }
}

async function sendChunks(
  session: UploadSession,
  window: ReplayWindow,
  chunkSize: number,
  size: number,
): Promise<void> {
  const length = Math.max(chunkSize, session.minChunk)
  if (session.offset + length >= size) return
  for await (const chunk of rechunk(window.from(session.offset), length)) {
    await session.patch(chunk)
    if (session.offset + length >= size) return
  }
}

/** An upload whose digest is unknown until its end. */
export class UploadIngest {
  readonly #session: UploadSession
  readonly #hasher: ReturnType<typeof createHasher> | undefined
  readonly #signal: AbortSignal | undefined
  readonly #retry: Connection['retry']
  #done = false

  constructor(
    session: UploadSession,
    options: { readonly target: UploadTarget; readonly resumed: boolean },
  ) {
    this.#session = session
    this.#signal = options.target.signal
    this.#retry = options.target.connection.retry
    this.#hasher = options.resumed ? undefined : createHasher(options.target.algorithm)
  }

  get id(): string {
    return Buffer.from(this.#session.location.href).toString('base64url')
  }

  get size(): number {
    return this.#session.offset
  }

  async append(bytes: Bytes): Promise<void> {
    const length = Math.max(ingestChunkSize, this.#session.minChunk)
    for await (const chunk of rechunk(bytes, length)) {
      this.#hasher?.update(chunk)
      await this.#send(chunk)
    }
  }

  async commit(expected?: Digest): Promise<Digest> {
    const actual = this.#hasher?.digest()
    const digest = expected ?? actual
    if (digest === undefined) {
      throw new StrakeError(
        'INVALID',
        `Cannot ${this.#session.what}: a resumed upload needs its digest`,
      )
    }
    const isComparable = actual !== undefined && digestAlgorithm(actual) === digestAlgorithm(digest)
    if (isComparable && actual !== digest) {
      await this.abort()
      throw new ContentMismatchError('the uploaded blob', digest, actual)
    }
    await this.#session.finish(digest)
    this.#done = true
    return digest
  }

  async abort(): Promise<void> {
    this.#done = true
    await this.#session.cancel()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#done && this.size === 0) await this.#session.cancel()
  }

  async #send(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    const backoff = new Backoff(this.#retry)
    const start = this.#session.offset
    for (;;) {
      try {
        return await this.#session.patch(chunk.subarray(this.#session.offset - start))
      } catch (error) {
        if (!isStrakeError(error, 'RANGE_INVALID')) await backoff.wait(error, this.#signal)
        const known = await this.#session.refresh()
        const { offset } = this.#session
        if (!known || offset < start || offset > start + chunk.byteLength) throw error
        if (offset === start + chunk.byteLength) return
        if (isStrakeError(error, 'RANGE_INVALID') && offset === start) throw error
      }
    }
  }
}
