import { readDocument } from '#content'
import { type Image, retargetAttestations } from '#image'
import {
  type Descriptor,
  type Digest,
  encodeJson,
  formatPlatform,
  type Index,
  isRunnable,
  StrakeError,
  sha256,
  subjectAnnotation,
} from '#oci'
import { fromBuffer } from '#stream'
import type { Engine } from '../engine.ts'
import { type Destination, type SendOptions, sendGraph, sendImage } from './send-image.ts'

/**
 * Sends an index with everything in it, without naming it, and returns what was sent: the
 * index itself, byte for byte, when all its layers are compressed; else one that names the
 * images with compressed layers. Throws `CONFLICT` when a manifest of it is not in the store.
 */
export async function sendIndex(
  engine: Engine,
  { descriptor, images, text }: SentIndex,
  destination: Destination,
  options: SendOptions,
): Promise<Descriptor> {
  const { parsed } = await readDocument(engine.content, descriptor)
  if (parsed.kind !== 'index') return descriptor
  const { index } = parsed
  await refuseSparse(engine, text, index, images)
  const sent = new Map<Digest, Descriptor>()
  for (const image of images) {
    sent.set(image.descriptor.digest, await sendImage(engine, image, destination, options))
  }
  const isSame = [...sent].every(([digest, each]) => digest === each.digest)
  const root = isSame
    ? descriptor
    : await writeIndex(engine, descriptor, await replaced(engine, index, sent))
  await sendGraph(engine, root, destination, options)
  return root
}

export interface SentIndex {
  readonly descriptor: Descriptor
  /** Its images in the store. */
  readonly images: readonly Image[]
  /** The name that the user typed. */
  readonly text: string
}

/** A registry accepts no index whose manifests it does not have. */
async function refuseSparse(
  engine: Engine,
  text: string,
  { manifests }: Index,
  images: readonly Image[],
): Promise<void> {
  for (const child of manifests) {
    if (await engine.content.has(child)) continue
    const name = child.platform && isRunnable(child) ? formatPlatform(child.platform) : child.digest
    const [first] = images
    const own = first && formatPlatform(first.config)
    const message = `Cannot push ${text}: its manifest for ${name} is not in the store`
    const remedy =
      own === undefined
        ? `strake pull ${text}`
        : `build or load all its platforms, or push one with --platform ${own}`
    throw new StrakeError('CONFLICT', message, { remedy })
  }
}

/** The index with the sent manifests, and attestations about them. */
async function replaced(
  engine: Engine,
  index: Index,
  sent: ReadonlyMap<Digest, Descriptor>,
): Promise<Index> {
  const manifests: Descriptor[] = []
  for (const child of index.manifests) {
    const other = sent.get(child.digest)
    if (other !== undefined) {
      const { mediaType, digest, size } = other
      manifests.push({ ...child, mediaType, digest, size })
      continue
    }
    const subject = child.annotations?.[subjectAnnotation]
    const before = index.manifests.find(({ digest }) => digest === subject)
    const after = before && sent.get(before.digest)
    const isSame = after === undefined || after.digest === before?.digest
    const about = isSame || before === undefined ? undefined : { before, after }
    manifests.push(about ? await retargetAttestations(engine.content, child, about) : child)
  }
  return { ...index, manifests }
}

async function writeIndex(
  engine: Engine,
  { mediaType }: Descriptor,
  index: Index,
): Promise<Descriptor> {
  const raw = encodeJson(index)
  const descriptor = { mediaType, digest: sha256(raw), size: raw.length }
  await engine.content.write(descriptor, fromBuffer(raw))
  return descriptor
}
