import { isStrakeError, StrakeError } from '#oci'
import { pushScope } from '../auth/scope.ts'
import { discard } from '../http/transport.ts'
import type { ApiRequest, Connection } from './connection.ts'
import { look } from './look.ts'

/** The client's side of an upload session: its URL and the number of received bytes. */
export class UploadSession {
  readonly what: string
  readonly repository: string
  /** The smallest chunk that the server accepts, in bytes. */
  readonly minChunk: number
  readonly #connection: Connection
  readonly #signal: AbortSignal | undefined
  #location: URL
  #offset = 0

  constructor(options: {
    readonly connection: Connection
    readonly repository: string
    readonly what: string
    readonly location: URL
    readonly minChunk?: number
    readonly signal?: AbortSignal | undefined
  }) {
    this.what = options.what
    this.repository = options.repository
    this.minChunk = options.minChunk ?? 0
    this.#connection = options.connection
    this.#location = options.location
    this.#signal = options.signal
  }

  /** The number of bytes that the server has received by its last answer. */
  get offset(): number {
    return this.#offset
  }

  get location(): URL {
    return this.#location
  }

  /** Sends the next bytes of the blob with their range. Throws `RANGE_INVALID` for a 416. */
  async patch(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    const end = this.#offset + chunk.byteLength
    const response = await this.#connection.expect(
      this.#request('PATCH', {
        to: this.#location,
        headers: {
          'Content-Type': 'application/octet-stream',
          'Content-Range': `${this.#offset}-${end - 1}`,
          'Content-Length': String(chunk.byteLength),
        },
        body: () => chunk,
      }),
      [202, 201, 204],
    )
    await discard(response)
    this.#take(response)
    this.#offset = end
  }

  /** Finishes the session. `rest` has the bytes from `offset` to `size`. */
  async finish(
    digest: string,
    rest?: { readonly body: NonNullable<ApiRequest['body']>; readonly size: number },
  ): Promise<void> {
    const { href, search } = this.#location
    // Appended as text, because URLSearchParams would encode a signature in the query again.
    const to = new URL(`${href}${search === '' ? '?' : '&'}digest=${encodeURIComponent(digest)}`)
    const length = rest === undefined ? 0 : rest.size - this.#offset
    const isRest = rest !== undefined && this.#offset > 0
    const response = await this.#connection.expect(
      this.#request('PUT', {
        to,
        headers: {
          'Content-Type': 'application/octet-stream',
          'Content-Length': String(length),
          ...(isRest ? { 'Content-Range': `${this.#offset}-${rest.size - 1}` } : {}),
        },
        body: rest === undefined || length === 0 ? () => new Uint8Array(0) : rest.body,
      }),
      [200, 201, 202, 204],
    )
    await discard(response)
    if (response.status === 202) await this.#checkKept(digest)
    const answered = response.headers.get('Docker-Content-Digest')
    if (answered === null || answered === digest) return
    if (answered.split(':')[0] !== digest.split(':')[0]) return
    throw new StrakeError(
      'DIGEST_INVALID',
      `Cannot ${this.what}: the registry stored ${answered.slice(0, 80)}`,
    )
  }

  /** Reads the offset from the server. Returns false when the server no longer has the session. */
  async refresh(): Promise<boolean> {
    try {
      const request = this.#request('GET', { to: this.#location, missing: 'BLOB_UPLOAD_UNKNOWN' })
      const response = await this.#connection.request(request, [204, 200, 202])
      await discard(response)
      const range = /^(?:bytes=)?0-(\d+)$/.exec(response.headers.get('Range') ?? '')
      const last = Number(range?.[1] ?? 0)
      this.#take(response)
      this.#offset = last === 0 ? 0 : last + 1
      return true
    } catch (error) {
      if (isStrakeError(error, 'BLOB_UPLOAD_UNKNOWN', 'NOT_FOUND', 'UNSUPPORTED')) return false
      throw error
    }
  }

  /** Cancels the session. Errors are ignored, because a server need not support it. */
  async cancel(): Promise<void> {
    const request = this.#request('DELETE', { to: this.#location })
    await this.#connection.send(request).then(discard, () => {})
  }

  /** Checks a blob after a 202, which means only that the registry received the bytes. */
  async #checkKept(digest: string): Promise<void> {
    const path = `/v2/${this.repository}/blobs/${digest}`
    const request = this.#request('HEAD', { to: this.#connection.resolve(path) })
    if ((await look(this.#connection, request, [404])).isThere) return
    const reason = 'the registry accepted the blob and does not have it'
    throw new StrakeError('UNAVAILABLE', `Cannot ${this.what}: ${reason}`)
  }

  #take(response: Response): void {
    const location = response.headers.get('Location')
    if (location !== null) this.#location = this.#connection.resolve(location, this.#location)
  }

  #request(method: string, rest: Partial<ApiRequest> & { readonly to: URL }): ApiRequest {
    return {
      method,
      scopes: [pushScope(this.repository)],
      what: this.what,
      signal: this.#signal,
      ...rest,
    }
  }
}
