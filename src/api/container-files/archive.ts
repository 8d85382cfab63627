import { archiveBytes, copyFromArchive } from '#engine/copy/copy'
import { type PathStatus, pathStatus } from '#engine/copy/path-status'
import { isStrakeError } from '#oci'
import type { ApiCall, ApiHandler } from '../call.ts'
import { containerId } from '../containers/find.ts'
import { ApiError } from '../failure.ts'
import { archive } from '../images/archives.ts'
import { done } from '../reply.ts'

/** `HEAD /containers/{id}/archive`. The header tells what is at the path. */
export const head: ApiHandler = async (call) => {
  const { name, path } = placeOf(call)
  const status = await found(call, pathStatus(call.engine, { container: name, path }))
  return new Response(null, { headers: statusHeaders(status) })
}

/** `GET /containers/{id}/archive`. */
export const get: ApiHandler = async (call) => {
  const { name, path } = placeOf(call)
  const endpoint = { container: name, path }
  const status = await found(call, pathStatus(call.engine, endpoint))
  const bytes = archiveBytes(call.engine, {
    sources: [endpoint],
    directory: '/',
    warn: () => {},
    signal: call.signal,
  })
  return archive(bytes, statusHeaders(status))
}

/** `PUT /containers/{id}/archive`. The body is a tar archive, compressed or not. */
export const put: ApiHandler = async (call) => {
  const { engine, query, request, signal } = call
  const { name, path } = placeOf(call)
  const target = { container: name, path }
  try {
    await copyFromArchive(engine, {
      target,
      input: request.body ?? noBytes(),
      archive: query.flag('copyUIDGID'),
      directory: '/',
      warn: () => {},
      signal,
    })
  } catch (error) {
    // Docker tells an absent place from one that is no directory.
    await found(call, pathStatus(engine, target))
    throw error
  }
  return done(200)
}

async function* noBytes(): AsyncGenerator<Uint8Array> {}

function placeOf(call: ApiCall): { readonly name: string; readonly path: string } {
  const path = call.query.text('path')
  if (path === undefined) throw new ApiError(400, 'bad parameter: path cannot be empty')
  return { name: containerId(call), path }
}

/** Docker's words for an absent path. */
async function found<T>({ params, query }: ApiCall, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!isStrakeError(error, 'NOT_FOUND')) throw error
    const message = `Could not find the file ${query.text('path')} in container ${params['id']}`
    throw new ApiError(404, message, error)
  }
}

function statusHeaders({ name, size, mode, modified, target }: PathStatus): Record<string, string> {
  const document = {
    name,
    size,
    mode: goMode(mode),
    mtime: new Date(modified * 1000).toISOString(),
    linkTarget: target,
  }
  const encoded = Buffer.from(JSON.stringify(document)).toString('base64')
  return { 'X-Docker-Container-Path-Stat': encoded }
}

/** Types of files in `st_mode`, and the bits of Go's `os.FileMode` for them. */
const goTypes: ReadonlyMap<number, number> = new Map([
  [0o040000, 2 ** 31],
  [0o120000, 2 ** 27],
  [0o060000, 2 ** 26],
  [0o020000, 2 ** 26 + 2 ** 21],
  [0o010000, 2 ** 25],
  [0o140000, 2 ** 24],
])

/** Converts a mode of the kernel to Go's `os.FileMode`. */
export function goMode(mode: number): number {
  const special = [
    [0o4000, 2 ** 23],
    [0o2000, 2 ** 22],
    [0o1000, 2 ** 20],
  ] as const
  const bits = special.reduce((sum, [bit, go]) => sum + ((mode & bit) === 0 ? 0 : go), 0)
  return (goTypes.get(mode & 0o170000) ?? 0) + bits + (mode & 0o777)
}
