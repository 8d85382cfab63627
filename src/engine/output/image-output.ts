import { withStep } from '#build'
import type { Image } from '#image'
import type { Descriptor, Digest, ImageName } from '#oci'
import { silent } from '#stream'
import { publishIndex } from '../content/publish-index.ts'
import type { Engine } from '../engine.ts'
import { recordImage } from '../image/record-image.ts'
import { recordIndex } from '../image/record-index.ts'
import { push } from '../push/push.ts'
import type { ImageOutput } from './build-output.ts'
import { type FormedImages, formImages } from './image-form.ts'
import type { DeliverOptions } from './tree-output.ts'

/** A name in a registry, and the digest of what it names there. */
export interface PushedName {
  readonly name: string
  readonly digest: Digest
}

/** Records the image, or the index of images, with its names, and pushes every name. */
export async function storeImage(
  engine: Engine,
  images: readonly Image[],
  output: ImageOutput,
  options: DeliverOptions,
): Promise<FormedImages & { readonly pushed: readonly PushedName[] }> {
  const { names = [], byDigest, form } = output
  const { emit = silent } = options
  const formed = await formImages(engine, images, form, { ...options, names })
  // The tag of an image that is pushed by digest belongs to another image, or to none.
  await record(engine, formed, byDigest ? [] : names)
  if (!output.push) return { ...formed, pushed: [] }
  const done: PushedName[] = []
  let root: Descriptor = formed.root
  for (const name of names) {
    const pushed = await withStep(`pushing ${name}`, emit, () =>
      push(engine, name, {
        // Layers in eStargz are gzip files already.
        compression: form.compression === 'estargz' ? 'gzip' : form.compression,
        byDigest,
        source: formed.root.digest,
        ...options,
      }),
    )
    const { mediaType, digest, size } = pushed
    root = { ...formed.root, mediaType, digest, size }
    done.push({ name, digest })
  }
  return { ...formed, root, storedDigest: formed.root.digest, pushed: done }
}

async function record(
  engine: Engine,
  { root, images, isIndex }: FormedImages,
  names: readonly ImageName[],
): Promise<void> {
  const named = { names, by: 'build' } as const
  const [image] = images
  if (isIndex) {
    const { annotations: _, ...descriptor } = root
    await recordIndex(engine, { descriptor, images }, named)
  } else if (image !== undefined) await recordImage(engine, image, named)
  await publishIndex(engine)
}
