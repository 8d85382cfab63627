import { familiarReference, parseReference, StrakeError } from '#oci'
import type { ImageRecord } from '#records'
import type { Engine } from '../engine.ts'
import { hasLabel } from '../filter/prune-filter.ts'
import { parseTime } from '../filter/time.ts'
import { getImage, isDigestName, repositoryOf } from './find-image.ts'

/** One line of `images`: an image under one of its names, or without any. */
export interface ImageSummary {
  /** Image ID. */
  readonly id: string
  /** As people write it, or `<none>`. */
  readonly repository: string
  readonly tag: string
  /** Of the manifest in a registry, when it was pulled or pushed. */
  readonly digest?: string
  readonly created: Date
  /** Bytes of all layers, uncompressed. */
  readonly size: number
}

export interface ListImagesOptions {
  /** Also images without a name. */
  readonly all: boolean
  /** Docker's conditions: `dangling=true`, `label=a=b`, `reference=app*`. */
  readonly filters: readonly string[]
  /** Only this repository, or repository and tag. */
  readonly reference?: string
}

/** Images by name, newest first. Throws `INVALID` for an unknown filter. */
export async function listImages(
  engine: Engine,
  options: ListImagesOptions,
): Promise<readonly ImageSummary[]> {
  const filters = options.filters.map(parseFilter)
  const dangling = filters.find(({ key }) => key === 'dangling')?.value
  const rows = listRows(engine, options.all || (dangling !== undefined && isTrue(dangling)))
  const wanted = options.reference === undefined ? undefined : parseReference(options.reference)
  const tagged = /:[^/]+$/.test(options.reference ?? '')
  const kept: ImageSummary[] = []
  for (const row of rows) {
    if (wanted) {
      if (row.repository !== familiarRepository(`${wanted.registry}/${wanted.repository}`)) continue
      if (tagged && row.tag !== wanted.tag) continue
    }
    if (await passes(engine, row, filters)) kept.push(row.summary)
  }
  return kept
}

interface Row extends Pick<ImageSummary, 'repository' | 'tag'> {
  readonly summary: ImageSummary
  readonly image: ImageRecord
}

function listRows({ records }: Engine, withUnnamed: boolean): readonly Row[] {
  const tags = Map.groupBy(records.tags.list(), ({ target }) => target.digest)
  const rows: Row[] = []
  for (const image of records.images.list()) {
    const names = (tags.get(image.digest) ?? []).map(({ name }) => name)
    const digests = names.filter(isDigestName)
    const plain = names.filter((name) => !isDigestName(name))
    for (const name of plain) rows.push(namedRow(image, name, digests))
    if (plain.length > 0) continue
    const [digest] = digests
    if (digest !== undefined) rows.push(namedRow(image, digest, digests))
    else if (withUnnamed) rows.push(row(image, '<none>', '<none>', undefined))
  }
  return rows.sort((a, b) => b.summary.created.getTime() - a.summary.created.getTime())
}

function namedRow(image: ImageRecord, name: string, digests: readonly string[]): Row {
  const repository = repositoryOf(name)
  const digest = digests.find((other) => repositoryOf(other) === repository)?.split('@')[1]
  const tag = isDigestName(name) ? '<none>' : name.slice(repository.length + 1)
  return row(image, familiarRepository(repository), tag, digest)
}

function row(image: ImageRecord, repository: string, tag: string, digest: string | undefined): Row {
  const summary: ImageSummary = {
    id: image.imageId,
    repository,
    tag,
    created: new Date(image.createdAt ?? 0),
    size: image.totalSize,
    ...(digest === undefined ? {} : { digest }),
  }
  return { summary, image, repository, tag }
}

function familiarRepository(repository: string): string {
  return familiarReference(parseReference(repository)).replace(/:latest$/, '')
}

/** The code of patterns is that of `.dockerignore`, and loaded only when there is one. */
async function matches(pattern: string, name: string): Promise<boolean> {
  const { matchPattern } = await import('#dockerfile/ignore/glob')
  return matchPattern(pattern, name)
}

const timely = new Set(['before', 'since', 'until'])

interface Filter {
  readonly key: string
  readonly value: string
}

function parseFilter(text: string): Filter {
  const at = text.indexOf('=')
  const key = text.slice(0, at)
  const value = text.slice(at + 1)
  if (key === 'dangling' && !['true', '1', 'false', '0'].includes(value)) {
    throw new StrakeError('INVALID', `Cannot filter images by '${text}': expected true or false`)
  }
  if (at > 0 && ['dangling', 'label', 'reference', 'before', 'since', 'until'].includes(key)) {
    return { key, value }
  }
  throw new StrakeError('INVALID', `Cannot filter images by '${text}': unknown condition`, {
    remedy:
      'use dangling=true, label=KEY[=VALUE], reference=PATTERN, before=IMAGE, since=IMAGE or until=AGE',
  })
}

/** A filter takes fewer words than a flag. */
function isTrue(value: string): boolean {
  return value === 'true' || value === '1'
}

async function passes(engine: Engine, row: Row, filters: readonly Filter[]): Promise<boolean> {
  for (const filter of filters) {
    const { key, value } = filter
    if (timely.has(key) && !isTimely(engine, row.image, filter)) return false
    if (key === 'dangling' && (row.repository === '<none>') !== isTrue(value)) return false
    if (key === 'reference') {
      const pattern = value.includes(':') ? `${row.repository}:${row.tag}` : row.repository
      if (!(await matches(value, pattern))) return false
    }
    if (key === 'label' && !(await imageHasLabel(engine, row.image, value))) return false
  }
  return true
}

/** Made before or after another image, or before an instant. */
function isTimely({ records }: Engine, { createdAt }: ImageRecord, filter: Filter): boolean {
  const created = createdAt ?? 0
  if (filter.key === 'until') return created < parseTime('--filter until', filter.value).getTime()
  const other = getImage(records, filter.value).image.createdAt ?? 0
  return filter.key === 'before' ? created < other : created > other
}

async function imageHasLabel(
  engine: Engine,
  image: ImageRecord,
  condition: string,
): Promise<boolean> {
  const { config } = await engine.openImage(image)
  return hasLabel(config.config?.Labels ?? {}, condition)
}
