import type { Built } from '#engine/build/build'
import type { ResultReceiver } from '#engine/output/build-output'
import type { Bytes } from '#stream'
import { imageFacts } from './inputs/image-facts.ts'
import type { Exporter } from './messages/common.ts'
import type { SolveRequest } from './messages/control.ts'
import { readOutputs } from './options/outputs.ts'
import type { PendingBuild } from './pending-build.ts'
import { runBuild } from './run-build.ts'
import type { Services } from './services.ts'

/** Builds, writes the outputs, and returns what clients want to know about the result. */
export async function exportBuild(
  services: Services,
  pending: PendingBuild,
): Promise<Readonly<Record<string, string>>> {
  const receiverOf = (index: number, exporter: Exporter): ResultReceiver =>
    clientReceiver(pending, index, exporter)
  const outputs = readOutputs(exportersOf(pending.request), receiverOf)
  const facts = describeResult(await runBuild(services, pending, outputs))
  const { cacheManifest } = pending
  // The client puts the manifest into the index of its directory.
  return cacheManifest === undefined
    ? facts
    : { ...facts, 'cache.manifest': JSON.stringify(cacheManifest) }
}

/** Older clients have one output. */
function exportersOf({
  Exporters,
  ExporterDeprecated,
  ExporterAttrsDeprecated,
}: SolveRequest): readonly Exporter[] {
  if (Exporters.length > 0 || ExporterDeprecated === '') return Exporters
  return [{ Type: ExporterDeprecated, Attrs: ExporterAttrsDeprecated }]
}

/** Sends a result to the client. The client writes it. */
function clientReceiver(
  { client, progress }: PendingBuild,
  index: number,
  { Type }: Exporter,
): ResultReceiver {
  const step = exportSteps[Type] ?? Type
  return {
    blobs: client.exports,
    async archive(bytes, image) {
      const id = 'sending tarball'
      let current = 0
      async function* counted(): Bytes {
        for await (const chunk of bytes) {
          current += chunk.length
          progress.status({ step, id, current })
          yield chunk
        }
      }
      await client.sendArchive(index, counted(), image)
      progress.status({ step, id, current, done: true })
    },
    async directory(path) {
      const id = 'copying files'
      let current = 0
      await client.sendDirectory(index, path, (bytes) => {
        current = bytes
        progress.status({ step, id, current })
      })
      progress.status({ step, id, current, done: true })
    },
  }
}

/** The names of the steps in which the engine writes outputs. */
const exportSteps: Readonly<Record<string, string>> = {
  local: 'exporting to client directory',
  tar: 'exporting to client tarball',
  oci: 'exporting to oci image format',
  docker: 'exporting to docker image format',
}

function describeResult({
  imageId,
  digest,
  descriptor,
  names,
}: Built): ReturnType<typeof imageFacts> {
  if (descriptor === undefined) return {}
  // The ID of an index is its digest.
  return imageFacts({ descriptor, imageId: imageId === digest ? undefined : imageId, names })
}
