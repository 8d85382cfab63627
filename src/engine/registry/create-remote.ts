import { annotationsFor, type BuildAnnotation } from '#build'
import { copy, readDocument, rememberDocuments } from '#content'
import { openImage } from '#image'
import {
  type Annotations,
  type Descriptor,
  type Digest,
  encodeJson,
  formatPlatform,
  formatReference,
  type Index,
  isDigest,
  isIndexType,
  isRunnable,
  mediaType,
  normalizePlatform,
  type Platform,
  parseReference,
  type Reference,
  StrakeError,
  sha256,
  subjectAnnotation,
} from '#oci'
import type { Repository } from '#registry'
import { type Emit, fromBuffer, silent } from '#stream'
import type { Engine } from '../engine.ts'

export interface CreateRemoteOptions {
  /** The names of the new index. */
  readonly tags: readonly string[]
  /** Keeps only images for these, and their attestations. */
  readonly platforms?: readonly Platform[] | undefined
  readonly annotations?: readonly BuildAnnotation[] | undefined
  /** Makes an index of a single image. Otherwise that image is copied as it is. */
  readonly prefersIndex?: boolean | undefined
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}

/** A manifest in the repository of the first name, and what the new index says about it. */
export interface DescribedSource {
  readonly digest: Digest
  readonly size?: number | undefined
  readonly mediaType?: string | undefined
  readonly platform?: Platform | undefined
  readonly annotations?: Annotations | undefined
}

/** An index, or a single image, that is not pushed yet. */
export interface CombinedImage {
  readonly descriptor: Descriptor
  readonly raw: Uint8Array
  /** Pushes it under every name of the options, with everything below it. */
  readonly push: () => Promise<void>
}

/** A manifest, and the repository that has it. */
interface Part {
  readonly descriptor: Descriptor
  readonly repository: Repository
  readonly registry: string
  /** What the user says about a manifest stays, also where the image says something else. */
  readonly given?: Pick<DescribedSource, 'platform' | 'annotations'> | undefined
}

/**
 * Makes an index of images and indexes of registries. A source is a name, or a digest or a
 * descriptor in the repository of the first name. Throws `INVALID`, `MANIFEST_UNKNOWN`, `UNAVAILABLE`.
 */
export async function combineRemote(
  engine: Engine,
  sources: readonly (string | DescribedSource)[],
  options: CreateRemoteOptions,
): Promise<CombinedImage> {
  const { tags, platforms, annotations = [], prefersIndex = true, signal } = options
  const named = sources.filter((each) => typeof each === 'string').filter((each) => !isDigest(each))
  const [first] = [...named, ...tags]
  if (first === undefined) throw refuse('no source and no tag has a repository')
  const home = parseReference(first)
  const found: Part[] = []
  for (const source of sources) found.push(await findPart(engine, source, home, options))
  const [only, ...others] = found
  const isCopied = (part: Part): boolean => prefersIndex === false || isIndex(part)
  const isUnchanged =
    annotations.length === 0 && platforms === undefined && only?.given === undefined
  if (only !== undefined && others.length === 0 && isUnchanged && isCopied(only)) {
    const { raw } = await readDocument(only.repository, only.descriptor, signal)
    return { descriptor: only.descriptor, raw, push: () => push(engine, [only], only, options) }
  }
  const parts = await chooseParts(await expand(found, signal), platforms)
  const index = indexOf(parts, annotations)
  const raw = encodeJson(index)
  const type = index.mediaType ?? mediaType.ociIndex
  const descriptor = { mediaType: type, digest: sha256(raw), size: raw.length }
  return { descriptor, raw, push: () => push(engine, parts, { descriptor, raw }, options) }
}

async function findPart(
  engine: Engine,
  source: string | DescribedSource,
  home: Reference,
  { emit, signal }: CreateRemoteOptions,
): Promise<Part> {
  const given = typeof source === 'string' ? undefined : source
  const text = typeof source === 'string' ? source : source.digest
  const reference: Reference = isDigest(text)
    ? { registry: home.registry, repository: home.repository, digest: text }
    : parseReference(text)
  const registry = await engine.registry(reference.registry, emit)
  const repository = registry.repository(reference.repository)
  const wanted = reference.digest ?? reference.tag ?? 'latest'
  const descriptor = await repository.resolve(wanted, signal)
  const { size = descriptor.size, mediaType: type = descriptor.mediaType } = given ?? {}
  if (size !== descriptor.size) {
    throw refuse(`${descriptor.digest} has ${descriptor.size} bytes, not ${size}`)
  }
  const described = { ...descriptor, mediaType: type }
  return { descriptor: described, repository, registry: reference.registry, given }
}

function isIndex({ descriptor }: Part): boolean {
  return isIndexType(descriptor.mediaType)
}

/** The manifests of indexes, and images with their platforms. Each manifest once. */
async function expand(
  found: readonly Part[],
  signal: AbortSignal | undefined,
): Promise<readonly Part[]> {
  const parts = new Map<Digest, Part>()
  for (const part of found) {
    const source = rememberDocuments(part.repository)
    const { parsed } = await readDocument(source, part.descriptor, signal)
    if (parsed.kind === 'index') {
      for (const child of parsed.index.manifests) {
        parts.set(child.digest, { ...part, descriptor: child })
      }
      continue
    }
    const { config } = await openImage(source, part.descriptor, undefined, signal)
    const { architecture, os, variant } = config
    const own = { architecture, os, ...(variant !== undefined && { variant }) }
    const { platform = own, annotations } = part.given ?? {}
    const added = { platform, ...(annotations !== undefined && { annotations }) }
    parts.set(part.descriptor.digest, { ...part, descriptor: { ...part.descriptor, ...added } })
  }
  return [...parts.values()]
}

/** Keeps the images for some platforms, and the attestations of these images. */
async function chooseParts(
  parts: readonly Part[],
  platforms: readonly Platform[] | undefined,
): Promise<readonly Part[]> {
  if (platforms === undefined) return parts
  const nameOf = (platform: Platform): string => formatPlatform(normalizePlatform(platform))
  const wanted = new Set(platforms.map(nameOf))
  const images = parts.filter(
    ({ descriptor }) =>
      isRunnable(descriptor) &&
      descriptor.platform !== undefined &&
      wanted.has(nameOf(descriptor.platform)),
  )
  const there = new Set(images.flatMap(({ descriptor }) => descriptor.platform ?? []).map(nameOf))
  const absent = [...wanted].find((name) => !there.has(name))
  if (absent !== undefined) throw refuse(`no source has an image for ${absent}`)
  const digests = new Set<string>(images.map(({ descriptor }) => descriptor.digest))
  return parts.filter(
    (part) =>
      images.includes(part) || digests.has(part.descriptor.annotations?.[subjectAnnotation] ?? ''),
  )
}

function indexOf(parts: readonly Part[], annotations: readonly BuildAnnotation[]): Index {
  const unwritten = annotations.find(({ places }) =>
    places.some((place) => place === 'manifest' || place === 'index-descriptor'),
  )
  if (unwritten !== undefined) {
    throw refuse(`the annotation ${unwritten.key} is not for the index or its descriptors`)
  }
  const isOfDocker = parts.every(({ descriptor }) =>
    descriptor.mediaType.startsWith('application/vnd.docker.'),
  )
  const own = annotationsFor(annotations, 'index')
  return {
    schemaVersion: 2,
    mediaType: isOfDocker ? mediaType.dockerManifestList : mediaType.ociIndex,
    manifests: parts.map(({ descriptor }) => {
      const added = annotationsFor(annotations, 'manifest-descriptor', descriptor.platform)
      if (added === undefined || !isRunnable(descriptor)) return descriptor
      return { ...descriptor, annotations: { ...descriptor.annotations, ...added } }
    }),
    ...(own !== undefined && { annotations: own }),
  }
}

/** Copies parts to every repository of the names, then the root, and points the tags at it. */
async function push(
  engine: Engine,
  parts: readonly Part[],
  root: { readonly descriptor: Descriptor; readonly raw?: Uint8Array },
  { tags, emit = silent, signal }: CreateRemoteOptions,
): Promise<void> {
  for (const text of tags) {
    const reference = parseReference(text)
    if (reference.tag === undefined) throw refuse(`${text} has a digest in place of a tag`)
    const registry = await engine.registry(reference.registry, emit)
    const repository = registry.repository(reference.repository)
    for (const part of parts) {
      const isNear = part.registry === reference.registry
      await copy(rememberDocuments(part.repository), repository, part.descriptor, {
        action: 'upload',
        mountFrom: () => (isNear ? part.repository.name : undefined),
        emit,
        signal,
      })
    }
    if (root.raw !== undefined) {
      await repository.write(root.descriptor, fromBuffer(root.raw), { signal })
    }
    await repository.tag(reference.tag, root.descriptor, signal)
    emit({ type: 'status', message: `pushed ${formatReference(reference)}` })
  }
}

function refuse(reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot create the index: ${reason}`)
}
