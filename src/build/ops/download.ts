import { mkdir, open, utimes } from 'node:fs/promises'
import { StrakeError } from '#oci'
import { writeAll } from '#platform'
import { type Bytes, hashed, limited } from '#stream'
import type { AddOp } from '../model/graph.ts'
import { openDownload } from '../source/http.ts'
import { redact } from '../source/refusal.ts'
import type { StepContext } from '../step/workspace.ts'

/** The most bytes of one download. */
const maxSize = 16 * 2 ** 30

/** The directory of the downloads of an ADD, on the disk of the store. */
export interface Downloads {
  readonly path: string
  readonly names: readonly string[]
}

/**
 * Downloads a URL for ADD: with mode 0600, the time of Last-Modified, and the name
 * from the response or the URL. `--checksum` is verified before the file is used.
 * Throws `UNAVAILABLE`, and `DIGEST_INVALID` for other content.
 */
export async function download(op: AddOp, context: StepContext): Promise<Downloads> {
  const path = `${await context.places.scratch()}/add-${crypto.randomUUID()}`
  await mkdir(path, { mode: 0o700 })
  const names: string[] = []
  for (const url of op.urls) names.push(await downloadOne(url, path, op, context))
  return { path, names }
}

async function downloadOne(
  url: string,
  directory: string,
  op: AddOp,
  { services, facts, signal }: StepContext,
): Promise<string> {
  const shown = redact(new URL(url))
  const rules = { from: facts.downloads, isProved: op.checksum !== undefined, signal }
  const { response, body } = await openDownload(url, rules, services.http)
  const name = nameOf(url, response, op)
  const file = `${directory}/${name}`
  let found: string | undefined
  const bytes = hashed(limited(body, maxSize, shown), ({ digest }) => {
    found = digest
  })
  await writeFile(file, bytes)
  if (op.checksum !== undefined && op.checksum !== found) {
    throw new StrakeError(
      'DIGEST_INVALID',
      `Cannot add ${shown}: its content is ${found}, not ${op.checksum}`,
    )
  }
  const modified = Date.parse(response.headers.get('last-modified') ?? '')
  const time = Number.isNaN(modified) ? 0 : modified / 1000
  await utimes(file, time, time)
  return name
}

/** The later of two URLs with the same name wins. */
async function writeFile(path: string, bytes: Bytes): Promise<void> {
  await using file = await open(path, 'w', 0o600)
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
