import { type Annotations, type Descriptor, encodeJson, mediaType, sha256 } from '#oci'
import { fromBuffer } from '#stream'
import { noise, overwriting } from '../../stream/testing/overwriting.ts'

/** Content and its descriptor, for tests. */
export interface Fixture {
  readonly descriptor: Descriptor
  readonly raw: Uint8Array<ArrayBuffer>
}

export function blob(text: string | Uint8Array, type = 'application/octet-stream'): Fixture {
  const raw = new Uint8Array(typeof text === 'string' ? new TextEncoder().encode(text) : text)
  return { raw, descriptor: { mediaType: type, digest: sha256(raw), size: raw.byteLength } }
}

export interface ManifestOptions {
  readonly config?: Descriptor
  readonly layers?: readonly Descriptor[]
  readonly subject?: Descriptor
  readonly artifactType?: string
  readonly annotations?: Annotations
}

export const emptyConfig: Fixture = blob('{}', mediaType.empty)

export function manifest(options: ManifestOptions = {}): Fixture {
  const { config = emptyConfig.descriptor, layers = [], ...rest } = options
  const document = {
    schemaVersion: 2,
    mediaType: mediaType.ociManifest,
    config,
    layers,
    ...rest,
  }
  return blob(encodeJson(document), mediaType.ociManifest)
}

export function index(manifests: readonly Descriptor[]): Fixture {
  const document = { schemaVersion: 2, mediaType: mediaType.ociIndex, manifests }
  return blob(encodeJson(document), mediaType.ociIndex)
}

/** Bytes that fail the test when they are read. */
export async function* untouchable(): AsyncGenerator<Uint8Array> {
  yield* fromBuffer(new Uint8Array(0))
  throw new Error('these bytes were not to be read')
}

/** Yields the bytes in chunks of an odd size that all share one buffer. */
export function chunked(raw: Uint8Array, size = 65_521): AsyncGenerator<Uint8Array> {
  return overwriting(raw, size)
}

export { noise }

/** A peer in a test: it answers requests and records them. */
export interface Peer {
  readonly fetch: (request: Request) => Promise<Response>
  readonly requests: Request[]
}

/** Makes a peer that answers with `answer`, or 404 if that returns no answer. */
export function peer(
  answer: (request: Request, count: number) => Response | undefined | Promise<Response | undefined>,
): Peer {
  const requests: Request[] = []
  return {
    requests,
    async fetch(request) {
      requests.push(request)
      return (await answer(request, requests.length)) ?? new Response(null, { status: 404 })
    },
  }
}

/** Retries without real waits. Keeps the requested waits in milliseconds. */
export function instantRetries(attempts = 5): {
  readonly attempts: number
  readonly delays: number[]
  readonly sleep: (milliseconds: number) => Promise<void>
  readonly random: () => number
} {
  const delays: number[] = []
  const sleep = async (milliseconds: number): Promise<void> => {
    delays.push(milliseconds)
  }
  return { attempts, delays, sleep, random: () => 0 }
}

/** Answers a request for a blob or manifest, whole or in part, as a correct registry does. */
export function serveContent(request: Request, { raw, descriptor }: Fixture): Response {
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get('Range') ?? '')
  const start = Number(range?.[1] ?? 0)
  const end = range === null ? raw.byteLength : Number(range[2]) + 1
  const headers: Record<string, string> = {
    'Content-Type': descriptor.mediaType,
    'Content-Length': String(end - start),
    'Docker-Content-Digest': descriptor.digest,
  }
  if (range !== null) headers['Content-Range'] = `bytes ${start}-${end - 1}/${raw.byteLength}`
  const body = request.method === 'HEAD' ? null : raw.slice(start, end)
  return new Response(body, { status: range === null ? 200 : 206, headers })
}
