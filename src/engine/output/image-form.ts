import { type AnnotationPlace, annotationsFor, imageUrl } from '#build'
import {
  compressImage,
  convertToEstargz,
  createIndex,
  type Image,
  openImage,
  subjectOf,
  writeAttestations,
  writeImage,
} from '#image'
import {
  type Annotations,
  type Descriptor,
  type Digest,
  type ImageName,
  type Layer,
  layerCompression,
  mediaType,
} from '#oci'
import type { Engine } from '../engine.ts'
import type { ImageForm } from './build-output.ts'
import type { DeliverOptions } from './tree-output.ts'

/** Images in a form, and their index when there are several. */
export interface FormedImages {
  /** The descriptor of the image or index, with the annotations for the document that lists it. */
  readonly root: Descriptor
  /** The digest of the image or index in the store, if a push wrote another one. */
  readonly storedDigest?: Digest | undefined
  readonly images: readonly Image[]
  /** The manifests with attestations of the images. */
  readonly attestations: readonly Descriptor[]
  readonly isIndex: boolean
}

export interface FormOptions extends DeliverOptions {
  /** The names of the image, for attestations. */
  readonly names: readonly ImageName[]
}

/** Writes images in another form into the store. They have no names yet. */
export async function formImages(
  engine: Engine,
  images: readonly Image[],
  form: ImageForm,
  options: FormOptions,
): Promise<FormedImages> {
  const formed = await Array.fromAsync(images, (image) => formImage(engine, image, form, options))
  const [first] = formed
  if (first === undefined) throw new RangeError('A build makes one image at least')
  const attestations = await attest(engine, formed, form, options)
  if (formed.length === 1 && options.forcesIndex !== true && attestations.length === 0) {
    const root = { ...first.descriptor, ...annotated(form, 'manifest-descriptor', first) }
    return { root, images: formed, attestations, isIndex: false }
  }
  const type = form.mediaTypes === 'docker' ? mediaType.dockerManifestList : undefined
  const descriptor = await createIndex(engine.content, {
    images: formed.map(({ descriptor, config }) => ({
      config,
      descriptor: { ...descriptor, ...annotated(form, 'manifest-descriptor', { config }) },
    })),
    others: attestations,
    mediaType: type,
    ...annotated(form, 'index'),
  })
  const root = { ...descriptor, ...annotated(form, 'index-descriptor') }
  return { root, images: formed, attestations, isIndex: true }
}

/** Writes the attestations of every image into the store. */
async function attest(
  engine: Engine,
  images: readonly Image[],
  { isArtifact = true }: ImageForm,
  { attestor, names }: FormOptions,
): Promise<readonly Descriptor[]> {
  if (attestor === undefined) return []
  const written: Descriptor[] = []
  for (const [at, formed] of images.entries()) {
    const { descriptor: image, config } = formed
    const attestations = await attestor(at, formed)
    if (attestations.length === 0) continue
    const own = names.map((name) => imageUrl(name, config))
    const subjects = (own.length === 0 ? ['_'] : own).map((name) => subjectOf(name, image.digest))
    const parts = { image, attestations, subjects, isArtifact }
    written.push(await writeAttestations(engine.content, parts))
  }
  return written
}

async function formImage(
  engine: Engine,
  image: Image,
  form: ImageForm,
  { emit, signal }: DeliverOptions,
): Promise<Image> {
  const { compression = 'uncompressed', level, isForced } = form
  if (isUsual(form)) return image
  const descriptor =
    compression === 'estargz'
      ? await convertToEstargz(image, engine.content, { level, isForced, signal })
      : await compressImage(image, engine.content, engine.records, {
          compression,
          level,
          isForced,
          emit,
          signal,
        })
  const compressed = await openImage(engine.content, descriptor)
  const added = annotated(form, 'manifest', image).annotations
  if (form.mediaTypes !== 'docker' && added === undefined) return compressed
  const { manifest, config, configRaw, layers } = compressed
  const annotations = { ...manifest.annotations, ...added }
  const written = {
    ...manifest,
    ...(form.mediaTypes === 'docker' && {
      mediaType: mediaType.dockerManifest,
      config: { ...manifest.config, mediaType: mediaType.dockerConfig },
      layers: layers.map(asDockerLayer),
    }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
  }
  return await writeImage(engine.content, { manifest: written, config, configRaw })
}

/** True when nothing of an image changes. */
function isUsual({ compression, mediaTypes = 'oci', annotations = [] }: ImageForm): boolean {
  const isAnnotated = annotations.some(({ places }) => places.includes('manifest'))
  return compression === undefined && mediaTypes === 'oci' && !isAnnotated
}

function asDockerLayer({ descriptor }: Layer): Descriptor {
  const types = {
    none: mediaType.dockerLayer,
    gzip: mediaType.dockerLayerGzip,
    zstd: mediaType.dockerLayerZstd,
  }
  return { ...descriptor, mediaType: types[layerCompression(descriptor.mediaType)] }
}

/** The annotations for one document; none when nothing is asked for. */
function annotated(
  { annotations = [] }: ImageForm,
  place: AnnotationPlace,
  image?: Pick<Image, 'config'>,
): { readonly annotations?: Annotations } {
  const found = annotationsFor(annotations, place, image?.config)
  return found === undefined ? {} : { annotations: found }
}
