import { type Digest, isDigest, isRepositoryName, isTag } from '#oci'
import { cleanPath, decodeName, encodeName } from '#tar'

/**
 * What an address of the page shows. The page and its JSON have the same places; those of JSON are
 * below `/api/v1`.
 */
export type Place =
  | {
      readonly kind: 'repositories'
      /** Only names that contain this text. */
      readonly query?: string | undefined
      /** Only this repository and those below it. */
      readonly under?: string | undefined
      readonly after?: string | undefined
    }
  | { readonly kind: 'repository'; readonly name: string; readonly after?: string | undefined }
  | { readonly kind: 'image'; readonly name: string; readonly reference: string }
  | {
      readonly kind: 'history'
      readonly name: string
      readonly tag: string
      /** Only moves before the one with this ID. */
      readonly before?: number | undefined
    }
  | FilesPlace
  | ContentsPlace
  | {
      readonly kind: 'compare'
      readonly name: string
      readonly reference: string
      /** The tag or digest to compare with. */
      readonly other: string
    }

/** A file or directory of an image or of a layer. */
export interface FilePlace {
  readonly name: string
  /** A tag, or the digest of an image or of a layer. */
  readonly reference: string
  /** Clean; `''` for the root. */
  readonly path: string
  /** Entries of the directory that earlier pages show. */
  readonly skip?: number | undefined
}

export const jsonPrefix = '/api/v1'

const most = 1024

/** Returns the place of an address, or `undefined` when there is none. */
export function parsePlace(path: string, params: URLSearchParams): Place | undefined {
  const get = (name: string): string | undefined => params.get(name)?.slice(0, most) || undefined
  if (path === '/' || path === '/repositories') {
    return { kind: 'repositories', query: get('q'), under: get('under'), after: get('after') }
  }
  const match = /^\/repositories\/([^%]+?)(?:\/-\/([a-z]+)\/([^/]+))?$/.exec(decodeColons(path))
  const [, name = '', what, item = ''] = match ?? []
  if (match === null || !isRepositoryName(name)) return undefined
  if (what === undefined) return { kind: 'repository', name, after: get('after') }
  if (!isReference(item)) return undefined
  switch (what) {
    case 'image':
      return { kind: 'image', name, reference: item }
    case 'history': {
      const before = parseCount(get('before'))
      if (!isTag(item) || before === null) return undefined
      return { kind: 'history', name, tag: item, before }
    }
    case 'files':
    case 'contents': {
      const file = parseFile(params)
      const skip = parseCount(get('skip'))
      if (file === undefined || skip === null) return undefined
      return { kind: what, name, reference: item, path: file, skip }
    }
    case 'compare': {
      const other = get('with') ?? ''
      return isReference(other) ? { kind: 'compare', name, reference: item, other } : undefined
    }
    default:
      return undefined
  }
}

/** Returns `null` for what is no count. */
function parseCount(text: string | undefined): number | undefined | null {
  if (text === undefined) return undefined
  return /^\d{1,15}$/.test(text) ? Number(text) : null
}

/** A name that is not UTF-8 travels as the hexadecimal numbers of its bytes. */
function parseFile(params: URLSearchParams): string | undefined {
  const bytes = params.get('bytes')
  const path = bytes === null ? (params.get('path') ?? '') : decodeName(Buffer.from(bytes, 'hex'))
  return path.length > 4096 ? undefined : cleanPath(path)
}

function fileQuery(path: string): Readonly<Record<string, string | undefined>> {
  if (path.isWellFormed()) return { path: path === '' ? undefined : path }
  return { bytes: Buffer.from(encodeName(path)).toString('hex') }
}

export interface FilesPlace extends FilePlace {
  readonly kind: 'files'
}

/** A file itself, to be saved. */
export interface ContentsPlace extends FilePlace {
  readonly kind: 'contents'
}

/** Returns the address of a place, without its origin. */
export function formatPlace(place: Place): string {
  switch (place.kind) {
    case 'repositories': {
      const { query, under, after } = place
      return `/${formatQuery({ q: query, under, after })}`
    }
    case 'repository':
      return `/repositories/${place.name}${formatQuery({ after: place.after })}`
    case 'image':
      return `/repositories/${place.name}/-/image/${place.reference}`
    case 'history': {
      const before = textOf(place.before)
      return `/repositories/${place.name}/-/history/${place.tag}${formatQuery({ before })}`
    }
    case 'files':
    case 'contents': {
      const query = formatQuery({ ...fileQuery(place.path), skip: textOf(place.skip) })
      return `/repositories/${place.name}/-/${place.kind}/${place.reference}${query}`
    }
    case 'compare':
      return `/repositories/${place.name}/-/compare/${place.reference}${formatQuery({ with: place.other })}`
  }
}

function textOf(count: number | undefined): string | undefined {
  return count === undefined ? undefined : String(count)
}

function isReference(text: string): text is Digest {
  return isTag(text) || isDigest(text)
}

function decodeColons(path: string): string {
  return path.replaceAll(/%3a/gi, ':')
}

function formatQuery(values: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) query.set(name, value)
  }
  return query.size === 0 ? '' : `?${query}`
}
