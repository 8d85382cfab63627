import {
  ContentMismatchError,
  type Descriptor,
  type Digest,
  digestAlgorithm,
  documentType,
  isDigest,
  isIndexType,
  isManifestType,
  limits,
  mediaType,
  parseManifestOrIndex,
  StrakeError,
} from '#oci'
import { type Bytes, createHasher, fromBuffer, toBuffer, verified } from '#stream'
import { deleteScope, pullScope, pushScope } from '../auth/scope.ts'
import { discard } from '../http/transport.ts'
import type { FoundManifest } from '../registry.ts'
import type { ApiRequest, Connection } from './connection.ts'
import { headRefusals, look } from './look.ts'

const accepted = [
  mediaType.ociManifest,
  mediaType.ociIndex,
  mediaType.dockerManifest,
  mediaType.dockerManifestList,
].join(', ')

/** Returns true for media types that a registry keeps under `/manifests/`. */
export function isDocumentType(type: string): boolean {
  return isManifestType(type) || isIndexType(type)
}

export interface PushedManifest {
  /** The subject that the registry attached the manifest to, if it has a referrers API. */
  readonly subject: string | null
}

/** The manifests of one repository. Their bytes are passed on unchanged. */
export class Manifests {
  readonly #connection: Connection
  readonly #repository: string

  constructor(connection: Connection, repository: string) {
    this.#connection = connection
    this.#repository = repository
  }

  /**
   * Returns the descriptor of a tag or digest. Uses HEAD, which registries do not count as a
   * pull, and GET when the answer to HEAD lacks something, such as the reason of a refusal.
   */
  async resolve(reference: string, signal?: AbortSignal): Promise<Descriptor> {
    const request = this.#request('HEAD', `pull ${this.name(reference)}`, reference, signal)
    const head = await this.#connection.request(request, [200, ...headRefusals])
    await discard(head)
    const described = head.status === 200 ? describe(head, reference) : undefined
    if (described !== undefined) return described
    return (await this.readWhole(reference, signal)).descriptor
  }

  /** Returns a manifest of any type, checked against `reference` if that is a digest. */
  async readWhole(reference: string, signal?: AbortSignal): Promise<FoundManifest> {
    const { raw, type } = await this.#get(reference, signal)
    const digest = hash(raw, isDigest(reference) ? reference : undefined)
    if (isDigest(reference) && digest !== reference) {
      throw new ContentMismatchError(this.name(reference), reference, digest)
    }
    return { descriptor: { mediaType: type, digest, size: raw.byteLength }, raw }
  }

  async has(target: Descriptor, signal?: AbortSignal): Promise<boolean> {
    const what = `look for ${this.name(target.digest)}`
    const request = this.#request('HEAD', what, target.digest, signal)
    return (await look(this.#connection, request, [404])).isThere
  }

  /** Yields the bytes of `target` after a check of digest, size and media type. */
  async *read(target: Descriptor, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const { raw } = await this.#get(target.digest, signal, target.mediaType)
    yield* verified(fromBuffer(raw), target)
  }

  async put(
    reference: string,
    type: string,
    raw: Uint8Array<ArrayBuffer>,
    signal?: AbortSignal,
  ): Promise<PushedManifest> {
    const request: ApiRequest = {
      ...this.#request('PUT', `push ${this.name(reference)}`, reference, signal),
      scopes: [pushScope(this.#repository)],
      missing: 'NAME_UNKNOWN',
      headers: { 'Content-Type': type, 'Content-Length': String(raw.byteLength) },
      body: () => raw,
    }
    const response = await this.#connection.request(request, [200, 201, 202, 204])
    await discard(response)
    const answered = response.headers.get('Docker-Content-Digest')
    if (answered !== null && isDigest(answered) && hash(raw, answered) !== answered) {
      throw new ContentMismatchError(this.name(reference), hash(raw), answered)
    }
    return { subject: response.headers.get('OCI-Subject') }
  }

  /** Deletes a manifest by its digest, or a tag. Absence is not an error. */
  async delete(reference: string, signal?: AbortSignal): Promise<void> {
    const request: ApiRequest = {
      ...this.#request('DELETE', `delete ${this.name(reference)}`, reference, signal),
      scopes: [deleteScope(this.#repository)],
      headers: {},
    }
    await discard(await this.#connection.request(request, [202, 200, 204, 404]))
  }

  /** Returns `localhost:5000/app:1` or `localhost:5000/app@sha256:...`. */
  name(reference: string): string {
    const separator = reference.includes(':') ? '@' : ':'
    return `${this.#connection.host}/${this.#repository}${separator}${reference}`
  }

  async #get(
    reference: string,
    signal?: AbortSignal,
    expectedType?: string,
  ): Promise<{ readonly raw: Uint8Array<ArrayBuffer>; readonly type: string }> {
    const what = `pull ${this.name(reference)}`
    const request = this.#request('GET', what, reference, signal)
    const response = await this.#connection.request(request, [200])
    const raw = await toBuffer(response.body ?? fromBuffer(new Uint8Array(0)), limits.manifestSize)
    const delivered = contentType(response)
    const known = delivered !== undefined && isDocumentType(delivered) ? delivered : undefined
    if (expectedType !== undefined && known !== undefined && known !== expectedType) {
      throw new StrakeError(
        'MANIFEST_INVALID',
        `Cannot ${what}: it should be ${expectedType} but was delivered as ${known}`,
      )
    }
    const digest = response.headers.get('Docker-Content-Digest')
    if (digest !== null && isDigest(digest) && hash(raw, digest) !== digest) {
      throw new ContentMismatchError(this.name(reference), digest, hash(raw, digest))
    }
    const parsed = parseManifestOrIndex(raw, expectedType ?? known)
    return { raw, type: expectedType ?? known ?? documentType(parsed) }
  }

  #request(method: string, what: string, reference: string, signal?: AbortSignal): ApiRequest {
    return {
      method,
      to: { kind: 'manifest', repository: this.#repository, reference },
      scopes: [pullScope(this.#repository)],
      what,
      missing: 'MANIFEST_UNKNOWN',
      headers: { Accept: accepted },
      signal,
    }
  }
}

/** Returns the descriptor in the headers of a HEAD answer, or `undefined` when a part is absent. */
function describe(response: Response, reference: string): Descriptor | undefined {
  const digest = response.headers.get('Docker-Content-Digest') ?? ''
  const type = contentType(response)
  const length = response.headers.get('Content-Length')
  if (!isDigest(digest) || type === undefined || !isDocumentType(type)) return undefined
  if (length === null || !/^\d{1,10}$/.test(length) || length === '0') return undefined
  if (isDigest(reference) && digest !== reference) return undefined
  return { mediaType: type, digest, size: Number(length) }
}

function contentType(response: Response): string | undefined {
  return response.headers.get('Content-Type')?.split(';')[0]?.trim().toLowerCase()
}

function hash(raw: Uint8Array, like?: Digest): Digest {
  const hasher = createHasher(like === undefined ? 'sha256' : digestAlgorithm(like))
  hasher.update(raw)
  return hasher.digest()
}

/** Returns verified content in memory. */
export async function readWhole(
  expected: Descriptor,
  bytes: Bytes,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await toBuffer(verified(bytes, expected), limits.manifestSize))
}
