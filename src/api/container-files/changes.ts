import { exportBytes } from '#engine/container/export'
import { diff } from '#engine/diff'
import type { ApiHandler } from '../call.ts'
import { containerId } from '../containers/find.ts'
import { archive } from '../images/archives.ts'
import { reply } from '../reply.ts'

/** Docker's numbers of the kinds of changes. */
const kinds: Readonly<Record<string, number>> = { changed: 0, added: 1, deleted: 2 }

/** `GET /containers/{id}/changes`. */
export const changes: ApiHandler = async (call) => {
  const found = await diff(call.engine, containerId(call))
  return reply(found.map(({ path, kind }) => ({ Path: `/${path}`, Kind: kinds[kind] ?? 0 })))
}

/** `GET /containers/{id}/export`. */
export const exported: ApiHandler = async (call) =>
  archive(exportBytes(call.engine, containerId(call), call.signal))
