import { untilProbed } from '#container'
import type { InspectDocument } from '#docker/documents/document'
import { inspectDocument } from '#docker/documents/inspect'
import { inspect as inspectInStore } from '#engine/inspect'
import { containerSize } from '#engine/usage/disk-usage'
import type { ApiCall, ApiVersion } from '../call.ts'
import { reply } from '../reply.ts'
import { containerId } from './find.ts'

/** `GET /containers/{id}/json`. */
export async function inspect(call: ApiCall): Promise<Response> {
  const { engine, query, signal, version } = call
  const first = await inspectContainer(call)
  const isOld = await untilProbed(engine, first.container, signal)
  const found = isOld ? await inspectContainer(call) : first
  const { id, settings } = found.container
  const size = query.flag('size')
    ? await containerSize(engine, { id, imageId: settings.image.id })
    : undefined
  const { document } = inspectDocument(found, size)
  return reply(inVersion(document as InspectDocument, version))
}

async function inspectContainer(call: ApiCall) {
  const found = await inspectInStore(call.engine, containerId(call), { kind: 'container' })
  if (found.kind !== 'container') throw new TypeError('inspect found no container')
  return found
}

/**
 * Version 1.52 replaced `GraphDriver` by `Storage`, and removed the addresses of the network
 * `bridge` from `NetworkSettings`.
 */
function inVersion(document: InspectDocument, version: ApiVersion): InspectDocument {
  const { Storage, ImageManifestDescriptor, ...rest } = document
  if (version < 52) {
    return {
      ...rest,
      GraphDriver: { Data: null, Name: document['Driver'] },
      ...(version < 48 ? {} : { ImageManifestDescriptor }),
    }
  }
  const { SandboxID, SandboxKey, Ports, Networks } = document['NetworkSettings'] as InspectDocument
  return { ...document, NetworkSettings: { SandboxID, SandboxKey, Ports, Networks } }
}
