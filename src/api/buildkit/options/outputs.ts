import { parseOutput } from '#docker/outputs/build-output'
import type { BuildOutput, ResultReceiver } from '#engine/output/build-output'
import { StrakeError } from '#oci'
import type { Exporter } from '../messages/common.ts'
import { fieldsText } from './fields-text.ts'

/** Attributes of BuildKit that ask for what happens anyway, or that are for another store. */
const ignored: ReadonlySet<string> = new Set([
  'prefer-image-digest',
  'unpack',
  'buildinfo-attrs',
  'dangling-name-prefix',
  'danging-name-empty-only',
  'name-canonical',
  'store',
  'context',
  // Compose before version 5 asks so for an image in the store.
  'load',
])

/** Makes the receiver of the output at an index. */
export type ReceiverFactory = (index: number, exporter: Exporter) => ResultReceiver

/** Returns the outputs of the exporters. Throws `INVALID`. */
export function readOutputs(
  exporters: readonly Exporter[],
  receiverOf: ReceiverFactory,
): readonly BuildOutput[] {
  if (exporters.length === 0) return [{ kind: 'cacheonly' }]
  return exporters.map((exporter, index) => readOutput(exporter, () => receiverOf(index, exporter)))
}

function readOutput({ Type, Attrs }: Exporter, receiver: () => ResultReceiver): BuildOutput {
  // `moby` is the store of a Docker daemon.
  const type = Type === 'moby' ? 'image' : Type
  const known = Object.entries(Attrs).filter(([key]) => !ignored.has(key))
  const own = type === 'image' ? known : known.filter(([key]) => key !== 'dest')
  if (
    type !== 'image' &&
    type !== 'local' &&
    type !== 'tar' &&
    type !== 'oci' &&
    type !== 'docker'
  ) {
    throw new StrakeError(
      'INVALID',
      `Cannot use the exporter ${JSON.stringify(Type)}: there is none`,
    )
  }
  // A path of the client has no meaning here, so one that is never used stands for it.
  const fields = { type, ...Object.fromEntries(own), ...(type !== 'image' && { dest: 'client' }) }
  const output = parseOutput(fieldsText(fields))
  if (output.kind === 'image' || output.kind === 'cacheonly') return output
  return { ...output, destination: undefined, receiver: receiver() }
}
