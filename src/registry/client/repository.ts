import type { Ingest, IngestOptions, ReadOptions, WriteOptions, WriteOutcome } from '#content'
import {
  type Descriptor,
  type Digest,
  digestAlgorithm,
  isDigest,
  parseManifestOrIndex,
  StrakeError,
} from '#oci'
import type { Bytes } from '#stream'
import { deleteScope, pullScope } from '../auth/scope.ts'
import { discard } from '../http/transport.ts'
import type { FoundManifest, MountOptions, ReferrersOptions, Repository } from '../registry.ts'
import type { ApiRequest, Connection } from './connection.ts'
import { download } from './download.ts'
import { look } from './look.ts'
import { isDocumentType, Manifests, readWhole } from './manifests.ts'
import { listStrings } from './pages.ts'
import { addToFallback, listReferrers } from './referrers.ts'
import { UploadSession } from './session.ts'
import { startUpload, UploadIngest, type UploadTarget, uploadBlob } from './upload.ts'

export interface RemoteRepositoryOptions {
  readonly chunkSize?: number | undefined
}

/** A repository of a remote registry. */
export class RemoteRepository implements Repository {
  readonly name: string
  readonly #connection: Connection
  readonly #manifests: Manifests
  readonly #options: RemoteRepositoryOptions
  /** The last pushed manifest. A tag of it needs its bytes, which are then not fetched. */
  #recent: { readonly digest: Digest; readonly raw: Uint8Array<ArrayBuffer> } | undefined

  constructor(connection: Connection, name: string, options: RemoteRepositoryOptions) {
    this.name = name
    this.#connection = connection
    this.#manifests = new Manifests(connection, name)
    this.#options = options
  }

  async has(target: Descriptor, signal?: AbortSignal): Promise<boolean> {
    if (isDocumentType(target.mediaType)) return this.#manifests.has(target, signal)
    const request = this.#blob('HEAD', 'look for', target.digest, signal)
    return (await look(this.#connection, request, [404])).isThere
  }

  read(target: Descriptor, options: ReadOptions = {}): Bytes {
    if (!isDocumentType(target.mediaType)) {
      const request = this.#blob('GET', 'pull', target.digest, options.signal)
      return download(this.#connection, request, target, options)
    }
    const bytes = this.#manifests.read(target, options.signal)
    const { start = 0, end = target.size } = options
    return start === 0 && end >= target.size ? bytes : sliced(bytes, start, end)
  }

  async write(
    expected: Descriptor,
    bytes: Bytes,
    options: WriteOptions = {},
  ): Promise<WriteOutcome> {
    if (await this.has(expected, options.signal)) return 'exists'
    if (isDocumentType(expected.mediaType)) {
      await this.#writeManifest(expected, bytes, options.signal)
      return 'written'
    }
    const algorithm = digestAlgorithm(expected.digest)
    const what = `push ${this.#blobName(expected.digest)}`
    const target = { ...this.#upload(what, options.signal), algorithm }
    const mount = { digest: expected.digest, from: options.mountFrom }
    const session = await startUpload(target, mount)
    if (session === undefined) return 'mounted'
    const blob = { expected, bytes, alreadyVerified: options.alreadyVerified === true }
    await uploadBlob(target, session, blob, () => this.has(expected, options.signal))
    return 'written'
  }

  async ingest(options: IngestOptions = {}): Promise<Ingest> {
    const what = `push to ${this.#connection.host}/${this.name}`
    const target = { ...this.#upload(what), algorithm: options.algorithm }
    const resumed = options.id === undefined ? undefined : await this.#resume(target, options.id)
    const session = resumed ?? (await startUpload(target))
    if (session === undefined) throw new TypeError('nothing was to be mounted')
    return new UploadIngest(session, { target, resumed: resumed !== undefined })
  }

  async writeOpaqueManifest(target: Descriptor, bytes: Bytes, signal?: AbortSignal): Promise<void> {
    const raw = await readWhole(target, bytes)
    await this.#manifests.put(target.digest, target.mediaType, raw, signal)
  }

  async delete(target: Descriptor): Promise<void> {
    if (isDocumentType(target.mediaType)) return this.#manifests.delete(target.digest)
    const request = this.#blob('DELETE', 'delete', target.digest)
    const scopes = [deleteScope(this.name)]
    await discard(await this.#connection.request({ ...request, scopes }, [202, 200, 204, 404]))
  }

  resolve(tagOrDigest: string, signal?: AbortSignal): Promise<Descriptor> {
    return this.#manifests.resolve(tagOrDigest, signal)
  }

  readManifest(reference: string, signal?: AbortSignal): Promise<FoundManifest> {
    return this.#manifests.readWhole(reference, signal)
  }

  async resolveBlob(digest: Digest, signal?: AbortSignal): Promise<Descriptor> {
    const request = this.#blob('HEAD', 'pull', digest, signal)
    const { size } = await look(this.#connection, request, [])
    if (size !== undefined) return { mediaType: 'application/octet-stream', digest, size }
    throw new StrakeError('UNAVAILABLE', `Cannot ${request.what}: its size is not known`)
  }

  async mount(digest: Digest, options: MountOptions = {}): Promise<Descriptor | undefined> {
    const target = this.#upload(`mount ${this.#blobName(digest)}`, options.signal)
    const session = await startUpload(target, { digest, from: options.from })
    if (session === undefined) return this.resolveBlob(digest, options.signal)
    await session.cancel()
    return undefined
  }

  async tag(tag: string, target: Descriptor, signal?: AbortSignal): Promise<void> {
    const raw =
      this.#recent?.digest === target.digest
        ? this.#recent.raw
        : await readWhole(target, this.#manifests.read(target, signal))
    await this.#manifests.put(tag, target.mediaType, raw, signal)
  }

  async untag(tag: string): Promise<void> {
    if (isDigest(tag)) throw new TypeError('a digest is not a tag')
    await this.#manifests.delete(tag)
  }

  tags(options: { readonly after?: string } = {}): AsyncIterable<string> {
    const request = {
      method: 'GET',
      to: { kind: 'tags', repository: this.name, page: pageAfter(options.after) },
      scopes: [pullScope(this.name)],
      what: `list the tags of ${this.#connection.host}/${this.name}`,
      missing: 'NAME_UNKNOWN',
    } as const
    return listStrings(this.#connection, request, 'tags')
  }

  referrers(subject: Digest, options: ReferrersOptions = {}): AsyncIterable<Descriptor> {
    const query = { repository: this.name, subject }
    return listReferrers(this.#connection, this.#manifests, query, options)
  }

  async #writeManifest(expected: Descriptor, bytes: Bytes, signal?: AbortSignal): Promise<void> {
    const raw = await readWhole(expected, bytes)
    const parsed = parseManifestOrIndex(raw, expected.mediaType)
    const { subject } = await this.#manifests.put(expected.digest, expected.mediaType, raw, signal)
    this.#recent = { digest: expected.digest, raw }
    const document = parsed.kind === 'manifest' ? parsed.manifest : parsed.index
    if (document.subject === undefined || subject === document.subject.digest) return
    await addToFallback(this.#manifests, expected, raw, signal)
  }

  async #resume(target: UploadTarget, id: string): Promise<UploadSession | undefined> {
    const href = Buffer.from(id, 'base64url').toString()
    if (!URL.canParse(href)) return undefined
    const location = this.#connection.resolve(href)
    const session = new UploadSession({ ...target, location })
    return (await session.refresh()) ? session : undefined
  }

  #upload(what: string, signal?: AbortSignal): UploadTarget {
    return {
      connection: this.#connection,
      repository: this.name,
      what,
      chunkSize: this.#options.chunkSize,
      signal,
    }
  }

  #blobName(digest: Digest): string {
    return `${this.#connection.host}/${this.name}@${digest}`
  }

  #blob(method: string, verb: string, digest: Digest, signal?: AbortSignal): ApiRequest {
    return {
      method,
      to: { kind: 'blob', repository: this.name, digest },
      scopes: [pullScope(this.name)],
      what: `${verb} ${this.#blobName(digest)}`,
      missing: 'BLOB_UNKNOWN',
      signal,
    }
  }
}

/** Returns the page that starts after a name. */
export function pageAfter(after: string | undefined): { readonly last?: string } {
  return after === undefined ? {} : { last: after }
}

async function* sliced(bytes: Bytes, start: number, end: number): AsyncGenerator<Uint8Array> {
  let at = 0
  for await (const chunk of bytes) {
    const part = chunk.subarray(Math.max(0, start - at), Math.max(0, end - at))
    at += chunk.byteLength
    if (part.byteLength > 0) yield part
  }
}
