import { createHash } from 'node:crypto'
import { mkdir, open, utimes } from 'node:fs/promises'
import { type Digest, StrakeError } from '#oci'
import { writeAll } from '#platform'
import { type Bytes, hashed, limited } from '#stream'
import type { AddOp } from '../model/graph.ts'
import { notModified, openDownload } from '../source/http.ts'
import { authorizationFor } from '../source/http-credentials.ts'
import { redact } from '../source/refusal.ts'
import type { StepContext } from '../step/workspace.ts'

/** The most bytes of one download. */
const maxSize = 16 * 2 ** 30

/** A file that was downloaded, alone in a directory on the disk of the store. */
export interface Downloaded {
  readonly directory: string
  readonly name: string
  readonly digest: Digest
  /** For asking later whether the file has changed. */
  readonly validators: Validators
}

/** The headers of an answer that identify its version. */
export interface Validators {
  readonly etag?: string | undefined
  readonly modified?: string | undefined
}

/**
 * Downloads a URL for ADD: with mode 0600, the time of Last-Modified, and the name
 * from the response or the URL. `--checksum` is verified before the file is used.
 * Returns `undefined` when the server has the same version as `known`. Throws
 * `UNAVAILABLE`, and `DIGEST_INVALID` for other content.
 */
export async function download(
  url: string,
  op: AddOp,
  { services, facts, places, signal }: StepContext,
  known: Validators = {},
): Promise<Downloaded | undefined> {
  const shown = redact(new URL(url))
  const rules = {
    from: facts.downloads,
    isProved: op.checksum !== undefined,
    signal,
    headers: (to: URL) => ({ ...conditions(known), ...authorizationFor(to, facts) }),
  }
  const directory = `${await places.scratch()}/add-${crypto.randomUUID()}`
  await mkdir(directory, { mode: 0o700 })
  const { response, body } = await openDownload(url, rules, services.http)
  const validators = validatorsOf(response)
  const isSame = validators.etag !== undefined && validators.etag === known.etag
  if (response.status === notModified || isSame) {
    await response.body?.cancel()
    return undefined
  }
  const name = nameOf(url, response, op)
  const file = `${directory}/${name}`
  let digest: Digest | undefined
  const bytes = hashed(limited(body, maxSize, shown), (found) => {
    digest = found.digest
  })
  const algorithm = op.checksum?.split(':', 1)[0] ?? 'sha256'
  const other = algorithm === 'sha256' ? undefined : createHash(algorithm)
  await writeFile(file, other === undefined ? bytes : feeding(other, bytes))
  if (digest === undefined) throw new RangeError('A digest comes with the last byte')
  const actual = other === undefined ? digest : `${algorithm}:${other.digest('hex')}`
  if (op.checksum !== undefined && op.checksum !== actual) {
    throw new StrakeError(
      'DIGEST_INVALID',
      `Cannot add ${shown}: its content is ${actual}, not ${op.checksum}`,
    )
  }
  const modified = Date.parse(response.headers.get('last-modified') ?? '')
  const time = Number.isNaN(modified) ? 0 : modified / 1000
  await utimes(file, time, time)
  return { directory, name, digest, validators }
}

/** As in HTTP, the time counts only when there is no ETag. */
function conditions({ etag, modified }: Validators): Readonly<Record<string, string>> {
  if (etag !== undefined) return { 'If-None-Match': etag }
  return modified === undefined ? {} : { 'If-Modified-Since': modified }
}

/** The validators of an answer. Longer ones than this are not kept. */
function validatorsOf({ headers }: Response): Validators {
  const short = (name: string): string | undefined => {
    const value = headers.get(name) ?? undefined
    return value !== undefined && value.length <= 1024 ? value : undefined
  }
  return { etag: short('etag'), modified: short('last-modified') }
}

/** Passes bytes on, and adds them to a hash. */
async function* feeding(hash: ReturnType<typeof createHash>, bytes: Bytes): Bytes {
  for await (const chunk of bytes) {
    hash.update(chunk)
    yield chunk
  }
}

async function writeFile(path: string, bytes: Bytes): Promise<void> {
  await using file = await open(path, 'wx', 0o600)
  for await (const chunk of bytes) await writeAll(file, chunk)
}
function nameOf(url: string, response: Response, op: AddOp): string {
  const disposition = response.headers.get('content-disposition') ?? ''
  const given = /filename="?([^";]+)"?/i.exec(disposition)?.[1]
  const last = decoded(new URL(url).pathname.split('/').at(-1) ?? '')
  const name = (given ?? last).split('/').at(-1) ?? ''
  if (isFileName(name)) return name
  if (!op.intoDirectory) return 'download'
  throw new StrakeError('INVALID', `Cannot add ${redact(new URL(url))}: it has no file name`, {
    remedy: 'name the file in the destination',
  })
}

function isFileName(name: string): boolean {
  const isSpecial = name === '' || name === '.' || name === '..' || name.includes('\0')
  return !isSpecial && Buffer.byteLength(name) <= longestName
}

/** Bytes, by the kernel. */
const longestName = 255

/** Decodes percent escapes. A malformed escape stays as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return text
    throw error
  }
}
