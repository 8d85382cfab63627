import { createHash } from 'node:crypto'
import type { Answer, Connection } from './connection.ts'

/** Bytes of a blob in parts, the first of which makes it different from all others. */
export interface Unique {
  readonly parts: readonly Uint8Array[]
  readonly digest: string
}

let made = 0

/** Makes a blob with the bytes of `rest` after some of its own. */
export function unique(rest: Uint8Array): Unique {
  made += 1
  const parts = [Buffer.from(`${process.pid} ${made} ${Date.now()}\n`), rest]
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return { parts, digest: `sha256:${hash.digest('hex')}` }
}

/** Throws unless an answer has the expected status. */
export function expectStatus(answer: Answer, status: number): Answer {
  if (answer.status === status) return answer
  throw new Error(`${answer.head}\n\n${answer.body}`)
}

/** Begins an upload and returns the path of its session. */
export async function begin(connection: Connection, repository: string): Promise<string> {
  const begun = await connection.ask(`POST /v2/${repository}/blobs/uploads/`)
  const place = /\nlocation: (\S+)/i.exec(expectStatus(begun, 202).head)?.[1] ?? ''
  const url = new URL(place, 'http://localhost')
  return url.pathname + url.search
}

/** Returns the path that ends an upload. */
export function ending(session: string, digest: string): string {
  return `${session}${session.includes('?') ? '&' : '?'}digest=${encodeURIComponent(digest)}`
}

/** Sends a blob in one request, after the one that begins the upload. */
export async function put(
  connection: Connection,
  repository: string,
  { parts, digest }: Unique,
): Promise<void> {
  const session = await begin(connection, repository)
  const headers = ['Content-Type: application/octet-stream']
  expectStatus(
    await connection.ask(`PUT ${ending(session, digest)}`, { headers, body: parts }),
    201,
  )
}

/** Bytes of a chunk of `patch`. */
const chunkSize = 5_000_000

/** Sends a blob in chunks. */
export async function patch(
  connection: Connection,
  repository: string,
  { parts, digest }: Unique,
): Promise<void> {
  const whole = Buffer.concat(parts)
  let session = await begin(connection, repository)
  for (let start = 0; start < whole.length; start += chunkSize) {
    const chunk = whole.subarray(start, start + chunkSize)
    const headers = [
      'Content-Type: application/octet-stream',
      `Content-Range: ${start}-${start + chunk.length - 1}`,
    ]
    const { head } = expectStatus(
      await connection.ask(`PATCH ${session}`, { headers, body: [chunk] }),
      202,
    )
    const url = new URL(/\nlocation: (\S+)/i.exec(head)?.[1] ?? '', 'http://localhost')
    session = url.pathname + url.search
  }
  expectStatus(await connection.ask(`PUT ${ending(session, digest)}`), 201)
}

export interface SmallImage {
  readonly blobs: readonly Unique[]
  readonly manifest: Uint8Array
}

const type = 'application/vnd.oci.image.manifest.v1+json'

/** Makes an image of a config and two layers of 10 kB. */
export function makeSmallImage(): SmallImage {
  const rest = new Uint8Array(10_000)
  const blobs = [unique(new Uint8Array(200)), unique(rest), unique(rest)]
  const [config, ...layers] = blobs.map(({ parts, digest }) => ({
    mediaType: 'application/octet-stream',
    digest,
    size: parts.reduce((sum, part) => sum + part.length, 0),
  }))
  const document = { schemaVersion: 2, mediaType: type, config, layers }
  return { blobs, manifest: Buffer.from(JSON.stringify(document)) }
}

/** Pushes an image as clients do, which ask for each blob first. */
export async function pushImage(
  connection: Connection,
  repository: string,
  { blobs, manifest }: SmallImage,
): Promise<void> {
  for (const blob of blobs) {
    expectStatus(await connection.ask(`HEAD /v2/${repository}/blobs/${blob.digest}`), 404)
    await put(connection, repository, blob)
  }
  const request = `PUT /v2/${repository}/manifests/v1`
  const headers = [`Content-Type: ${type}`]
  expectStatus(await connection.ask(request, { headers, body: [manifest] }), 201)
}
