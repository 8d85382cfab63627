import { inspectDocument } from '#docker/documents/inspect'
import { inspect as inspectInStore } from '#engine/inspect'
import type { ApiCall } from '../call.ts'
import { reply } from '../reply.ts'
import { containerId } from './find.ts'

/** `GET /containers/{id}/json`. */
export async function inspect(call: ApiCall): Promise<Response> {
  const found = await inspectInStore(call.engine, containerId(call), { kind: 'container' })
  return reply(inspectDocument(found).document)
}
