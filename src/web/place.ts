import { type Digest, isDigest, isRepositoryName, isTag } from '#oci'

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
  if (what === 'image' && isReference(item)) return { kind: 'image', name, reference: item }
  if (what === 'history' && isTag(item)) {
    const before = get('before')
    if (before !== undefined && !/^\d{1,15}$/.test(before)) return undefined
    return { kind: 'history', name, tag: item, before: (before && Number(before)) || undefined }
  }
  return undefined
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
      const before = place.before === undefined ? undefined : String(place.before)
      return `/repositories/${place.name}/-/history/${place.tag}${formatQuery({ before })}`
    }
  }
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
