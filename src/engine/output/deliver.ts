import { mkdir } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type BuildAnnotation, withStep } from '#build'
import type { Image } from '#image'
import { type Descriptor, type Digest, type ImageName, StrakeError } from '#oci'
import { silent } from '#stream'
import type { Engine } from '../engine.ts'
import { writeImageArchive } from './archive-output.ts'
import type {
  ArchiveOutput,
  BuildOutput,
  ImageForm,
  ImageOutput,
  TreeOutput,
} from './build-output.ts'
import { checkAnnotations } from './check-annotations.ts'
import { checkTreeOutput, type KeptPlace, type TreeOutputCheck } from './check-tree-output.ts'
import type { FormedImages } from './image-form.ts'
import { type PushedName, storeImage } from './image-output.ts'
import { type DeliverOptions, writeTrees } from './tree-output.ts'

/** The image that the outputs of a build made. */
export interface Delivered {
  /** The manifest or index; of a pushed image, that in the registry. */
  readonly descriptor: Descriptor
  /** The digest of the manifest or index on this machine. */
  readonly storedDigest: Digest
  /** Absent for an index. */
  readonly imageId: Digest | undefined
  /** In the order of the pushes. */
  readonly pushed: readonly PushedName[]
}

export interface OutputCheck extends TreeOutputCheck {
  /** The names of the build. */
  readonly names: readonly ImageName[]
  /** The result has an index: there are several platforms, or one is treated so. */
  readonly isIndex: boolean
  /** Whether a metadata file has the descriptor of the image or index. */
  readonly hasMetadata: boolean
  /** Whether the build makes attestations. */
  readonly isAttested: boolean
  /** Whether the build keeps the times of files. */
  readonly keepsTimes: boolean
  /** Those of the whole build. */
  readonly annotations: readonly BuildAnnotation[] | undefined
}

/** Refuses outputs that cannot work, before the build. Throws `INVALID`, `DENIED`. */
export function checkOutputs(outputs: readonly BuildOutput[], check: OutputCheck): void {
  const streams = outputs.filter(isStream)
  if (streams.length > 1) {
    const message = `Cannot write ${streams.length} outputs to standard output`
    throw new StrakeError('INVALID', message, { remedy: 'name files with dest=' })
  }
  checkAnnotations(outputs, check)
  for (const output of outputs) {
    if (output.kind === 'local' || output.kind === 'tar') {
      const others = outputs.filter((other) => other !== output).flatMap(placeOf)
      checkTreeOutput(output, { ...check, kept: [...check.kept, ...others] })
    }
    if (!('form' in output)) continue
    refuseKeptTimes(output.form, check)
    refuseDockerTypes(output.form, check)
    if (output.kind !== 'image' || !output.push) continue
    if ((output.names ?? check.names).length > 0) continue
    throw new StrakeError('INVALID', 'Cannot push the result of the build: it has no name', {
      remedy: 'name it with --tag, or with name= in --output',
    })
  }
}

/** True for an output that is written to standard output. */
export function isStream(output: BuildOutput): boolean {
  if (output.kind === 'image' || output.kind === 'cacheonly') return false
  if (output.receiver !== undefined) return false
  return output.kind !== 'local' && output.destination === undefined
}

function placeOf(output: BuildOutput): readonly KeptPlace[] {
  if (!('destination' in output) || output.destination === undefined) return []
  return [{ what: 'another output', path: output.destination }]
}

/** Without a timestamp, the build clamps all times itself. */
function refuseKeptTimes({ rewritesTimes }: ImageForm, { keepsTimes }: OutputCheck): void {
  if (rewritesTimes !== true || !keepsTimes) return
  throw new StrakeError('INVALID', 'Cannot rewrite timestamps and keep them with --timestamp now', {
    remedy: 'leave one of the two out',
  })
}

/** Docker's types have no place for attestations. */
function refuseDockerTypes({ mediaTypes }: ImageForm, { isAttested }: OutputCheck): void {
  if (!isAttested || mediaTypes !== 'docker') return
  const message = 'Cannot write attestations with oci-mediatypes=false'
  throw new StrakeError('INVALID', message, {
    remedy: 'leave oci-mediatypes out, or add --provenance=false --sbom=false',
  })
}

/** The names of steps, as BuildKit shows them. */
const stepNames = {
  local: 'exporting to client directory',
  tar: 'exporting to client tarball',
  oci: 'exporting to oci image format',
  docker: 'exporting to docker image format',
} as const

function stepName({ kind, destination }: TreeOutput | ArchiveOutput): string {
  return destination === undefined ? stepNames[kind] : `${stepNames[kind]} ${destination}`
}

/** As in Docker, the directory of an output need not exist. */
async function makeParent({ destination }: TreeOutput | ArchiveOutput): Promise<void> {
  if (destination !== undefined) await mkdir(dirname(resolve(destination)), { recursive: true })
}

export interface Delivery extends DeliverOptions {
  /** The names of outputs that have none. */
  readonly names: readonly ImageName[]
  /** Those of the whole build; the manifests have theirs already. */
  readonly annotations: readonly BuildAnnotation[] | undefined
}

/**
 * Gives the images of a build to every output, in their order. Returns the image of the last
 * output that has one: a pushed image as the registry has it.
 */
export async function deliver(
  engine: Engine,
  images: readonly Image[],
  outputs: readonly BuildOutput[],
  { names, annotations = [], ...options }: Delivery,
): Promise<Delivered | undefined> {
  const { emit = silent } = options
  let last: FormedImages | undefined
  const pushed: PushedName[] = []
  const listed = annotations.map((each) => ({
    ...each,
    places: each.places.filter((place) => place !== 'manifest'),
  }))
  const filled = <Output extends ArchiveOutput | ImageOutput>(output: Output): Output => ({
    ...output,
    names: output.names ?? names,
    form: { ...output.form, annotations: [...listed, ...(output.form.annotations ?? [])] },
  })
  for (const output of outputs) {
    switch (output.kind) {
      case 'local':
      case 'tar':
        await makeParent(output)
        await withStep(stepName(output), emit, () => writeTrees(engine, images, output, options))
        break
      case 'oci':
      case 'docker':
        await makeParent(output)
        last = await withStep(stepName(output), emit, () =>
          writeImageArchive(engine, images, filled(output), options),
        )
        break
      case 'image':
        {
          const stored = await storeImage(engine, images, filled(output), options)
          pushed.push(...stored.pushed)
          last = stored
        }
        break
      case 'cacheonly':
        break
    }
  }
  if (last === undefined) return undefined
  const { root, storedDigest = root.digest, images: made, isIndex } = last
  return { descriptor: root, storedDigest, imageId: isIndex ? undefined : made[0]?.imageId, pushed }
}
