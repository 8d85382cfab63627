import { createWriteStream } from 'node:fs'
import { chmod, mkdir, utimes } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { StrakeError } from '#oci'
import { createHasher, fromBuffers, keepChunks, limited } from '#stream'
import type { AddOp } from '../model/graph.ts'
import type { StepContext } from '../step/workspace.ts'

/** Bytes of one download. */
const maxSize = 16 * 2 ** 30

/** Where the URLs of an ADD were downloaded to, in a directory of the build. */
export interface Downloads {
  readonly path: string
  readonly names: readonly string[]
}

/**
 * Downloads as ADD does: mode 0600, the time of Last-Modified, the name from
 * the response or the URL (DF-081). `--checksum` is verified before anything is
 * used. Throws `UNAVAILABLE`, or `DIGEST_INVALID` for another content.
 */
export async function download(op: AddOp, context: StepContext): Promise<Downloads> {
  const path = `${context.directory}/add-${crypto.randomUUID()}`
  await mkdir(path, { mode: 0o700 })
  const names: string[] = []
  for (const url of op.urls) names.push(await downloadOne(url, path, op, context))
  return { path, names }
}

async function downloadOne(
  url: string,
  directory: string,
  op: AddOp,
  { fetch, signal }: StepContext,
): Promise<string> {
  const response = await request(url, fetch, signal)
  const name = nameOf(url, response, op)
  const hasher = createHasher()
  const body = limited(response.body ?? fromBuffers([]), maxSize, redact(url))
  async function* hashed(): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      hasher.update(chunk)
      yield chunk
    }
  }
  const file = `${directory}/${name}`
  await pipeline(keepChunks(hashed()), createWriteStream(file, { flags: 'wx' }), { signal })
  const digest = hasher.digest()
  if (op.checksum !== undefined && op.checksum !== digest) {
    throw new StrakeError(
      'DIGEST_INVALID',
      `Cannot add ${redact(url)}: its content is ${digest}, not ${op.checksum}`,
    )
  }
  const modified = Date.parse(response.headers.get('last-modified') ?? '')
  const time = Number.isNaN(modified) ? 0 : modified / 1000
  await utimes(file, time, time)
  await chmod(file, 0o600)
  return name
}

async function request(url: string, fetcher: typeof fetch, signal: AbortSignal): Promise<Response> {
  let response: Response
  try {
    response = await fetcher(url, { signal, redirect: 'follow' })
  } catch (cause) {
    signal.throwIfAborted()
    throw new StrakeError(
      'UNAVAILABLE',
      `Cannot add ${redact(url)}: the server cannot be reached`,
      {
        cause,
      },
    )
  }
  if (response.ok) return response
  await response.body?.cancel()
  throw new StrakeError(
    'UNAVAILABLE',
    `Cannot add ${redact(url)}: the server answered ${response.status}`,
  )
}

function nameOf(url: string, response: Response, op: AddOp): string {
  const disposition = response.headers.get('content-disposition') ?? ''
  const given = /filename="?([^";]+)"?/i.exec(disposition)?.[1]
  const last = decoded(new URL(url).pathname.split('/').at(-1) ?? '')
  const name = (given ?? last).split('/').at(-1) ?? ''
  if (name !== '' && name !== '.' && name !== '..') return name
  if (!op.intoDirectory) return 'download'
  throw new StrakeError('INVALID', `Cannot add ${redact(url)}: it has no file name`, {
    remedy: 'name the file in the destination',
  })
}

/** What is no escape stays as it is written. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return text
    throw error
  }
}

/** Without the user name, password and query a URL may carry. */
function redact(text: string): string {
  const url = new URL(text)
  return `${url.origin}${url.pathname}`
}
