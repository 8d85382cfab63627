import {
  type Descriptor,
  type Digest,
  familiarReference,
  isStrakeError,
  parseReference,
  type Reference,
} from '#oci'
import type { ImageRecord } from '#records'
import type { Engine } from '../engine.ts'
import { chooseImage, getImage, isDigestName, repositoryOf } from './find-image.ts'
import { targetOf } from './find-target.ts'
import { type ImageFilters, imageTest, labelsOf } from './image-filter.ts'

/** One line of `images`: an image with one of its names, or without a name. */
export interface ImageSummary {
  /** Image ID, or the digest of an index. */
  readonly id: string
  /** In familiar form, such as `debian`, or `<none>`. */
  readonly repository: string
  readonly tag: string
  /**
   * The digest of the manifest in a registry, or in the store if the image was neither pulled nor
   * pushed. Absent for an image without a name.
   */
  readonly digest?: string | undefined
  /** The manifest or index that the name means. */
  readonly descriptor: Pick<Descriptor, 'mediaType' | 'digest' | 'size'>
  readonly created: Date
  /** Bytes of all layers of every platform, uncompressed. */
  readonly size: number
}

export interface ListImagesOptions {
  /** Also images without a name. */
  readonly all?: boolean | undefined
  readonly filters?: ImageFilters | undefined
  /** Only this repository, or repository and tag; both may be patterns such as `app*`. */
  readonly reference?: string | undefined
}

/** Lists images, one element for each name, newest first. Throws `NOT_FOUND` if a filter names an absent image. */
export async function listImages(
  engine: Engine,
  options: ListImagesOptions = {},
): Promise<readonly ImageSummary[]> {
  const { reference, filters = {} } = options
  const wanted = reference === undefined ? undefined : tryParse(reference)
  const isPattern = reference !== undefined && wanted === undefined
  const passes = imageTest(filters, engine)
  const matches = imageTest(isPattern ? { references: [reference] } : {}, engine)
  const rows = listRows(engine, options.all || filters.dangling?.includes(true) === true)
  const tagged = /:[^/]+$/.test(reference ?? '')
  const kept: ImageSummary[] = []
  for (const row of rows) {
    if (wanted) {
      if (row.repository !== familiarRepository(`${wanted.registry}/${wanted.repository}`)) continue
      if (tagged && row.tag !== wanted.tag) continue
    }
    if ((await matches(row)) && (await passes(row))) kept.push(row.summary)
  }
  return kept
}

/** Returns the labels of an image of a list. */
export async function imageLabels(
  engine: Engine,
  { id }: Pick<ImageSummary, 'id'>,
): Promise<Readonly<Record<string, string>>> {
  return await labelsOf(engine, getImage(engine.records, id).image)
}

/** Returns `undefined` for invalid references, because `text` may be a pattern. */
function tryParse(text: string): Reference | undefined {
  try {
    return parseReference(text)
  } catch (error) {
    if (!isStrakeError(error)) throw error
    return undefined
  }
}

interface Row extends Pick<ImageSummary, 'repository' | 'tag'> {
  readonly summary: ImageSummary
  readonly image: ImageRecord
}

function listRows(engine: Engine, withUnnamed: boolean): readonly Row[] {
  const tags = Map.groupBy(engine.records.tags.list(), ({ target }) => target.digest)
  const rows: Row[] = []
  for (const entry of listEntries(engine)) {
    const names = (tags.get(entry.digest) ?? []).map(({ name }) => name)
    const digests = names.filter(isDigestName)
    const plain = names.filter((name) => !isDigestName(name))
    for (const name of plain) rows.push(namedRow(entry, name, digests))
    if (plain.length > 0) continue
    const [digest] = digests
    if (digest !== undefined) rows.push(namedRow(entry, digest, digests))
    else if (withUnnamed && !entry.isPart) rows.push(row(entry, '<none>', '<none>', undefined))
  }
  return rows.sort((a, b) => b.summary.created.getTime() - a.summary.created.getTime())
}

/** The target of names: an image, or an index, shown as its image for this machine. */
interface Entry {
  /** The digest of the manifest or index. */
  readonly digest: Digest
  readonly descriptor: ImageSummary['descriptor']
  readonly id: Digest
  readonly image: ImageRecord
  readonly size: number
  /** True when an index contains it. Such an image needs no name. */
  readonly isPart: boolean
}

function listEntries({ records }: Engine): readonly Entry[] {
  const images = records.images.list()
  const indexes = records.indexes.list()
  const parts = new Set(indexes.flatMap((index) => index.images))
  const entries = images.map((image): Entry => {
    const { digest, imageId, totalSize, mediaType, size } = image
    const descriptor = { mediaType, digest, size }
    return { digest, descriptor, id: imageId, image, size: totalSize, isPart: parts.has(digest) }
  })
  for (const { digest, mediaType, size: bytes } of indexes) {
    const target = targetOf(records, digest)
    const chosen = target && chooseImage(target)
    if (target === undefined || chosen === undefined) continue
    const size = target.images.reduce((sum, { totalSize }) => sum + totalSize, 0)
    const descriptor = { mediaType, digest, size: bytes }
    entries.push({ digest, descriptor, id: digest, image: chosen.image, size, isPart: false })
  }
  return entries
}

function namedRow(entry: Entry, name: string, digests: readonly string[]): Row {
  const repository = repositoryOf(name)
  const digest = digests.find((other) => repositoryOf(other) === repository)?.split('@')[1]
  const tag = isDigestName(name) ? '<none>' : name.slice(repository.length + 1)
  return row(entry, familiarRepository(repository), tag, digest ?? entry.digest)
}

function row(
  { id, descriptor, image, size }: Entry,
  repository: string,
  tag: string,
  digest: string | undefined,
): Row {
  const summary: ImageSummary = {
    id,
    repository,
    tag,
    descriptor,
    created: new Date(image.createdAt ?? 0),
    size,
    digest,
  }
  return { summary, image, repository, tag }
}

function familiarRepository(repository: string): string {
  return familiarReference(parseReference(repository)).replace(/:latest$/, '')
}
