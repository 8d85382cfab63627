import { inspectDocument } from '#docker/documents/inspect'
import { imageHistory } from '#engine/image/history'
import { inspect as inspectInStore } from '#engine/inspect'
import type { ApiCall } from '../call.ts'
import { reply } from '../reply.ts'
import { imageName } from './find.ts'

/** `GET /images/{name}/json`. */
export async function inspect(call: ApiCall): Promise<Response> {
  const found = await inspectInStore(call.engine, imageName(call), { kind: 'image' })
  return reply(inspectDocument(found).document)
}

/** `GET /images/{name}/history`. */
export async function history(call: ApiCall): Promise<Response> {
  const entries = await imageHistory(call.engine, imageName(call))
  return reply(
    entries.map(({ imageId, created, createdBy, comment, size }) => ({
      Id: imageId ?? '<missing>',
      Created: Math.floor((created?.getTime() ?? 0) / 1000),
      CreatedBy: createdBy,
      Tags: null,
      Size: size,
      Comment: comment,
    })),
  )
}
