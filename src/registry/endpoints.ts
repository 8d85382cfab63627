import {
  type Digest,
  type DigestAlgorithm,
  isRepositoryName,
  isTag,
  parseDigest,
  StrakeError,
} from '#oci'

/**
 * The parts of every URL of the distribution API. Client and server share this type and
 * the two functions below, so they agree about URLs.
 *
 * @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#endpoints
 */
export type Endpoint =
  | { readonly kind: 'ping' }
  | { readonly kind: 'catalog'; readonly page: Page }
  | { readonly kind: 'tags'; readonly repository: string; readonly page: Page }
  | {
      readonly kind: 'manifest'
      readonly repository: string
      /** A digest or a tag. The tag is unchecked: a read of an invalid tag finds nothing. */
      readonly reference: string
      /** Tags to set along with a push by digest. */
      readonly tags?: readonly string[]
    }
  | { readonly kind: 'blob'; readonly repository: string; readonly digest: Digest }
  | {
      readonly kind: 'uploads'
      readonly repository: string
      readonly digest?: Digest
      readonly mount?: Digest
      readonly from?: string | undefined
      /** The algorithm of the digest. Default: sha256. */
      readonly algorithm?: DigestAlgorithm
    }
  | {
      readonly kind: 'upload'
      readonly repository: string
      readonly session: string
      readonly digest?: Digest
    }
  | {
      readonly kind: 'tag-history'
      readonly repository: string
      readonly tag: string
      /** Only moves to this manifest; for a rollback, the manifest to return to. */
      readonly digest?: Digest | undefined
      /** RFC 3339: only older moves. */
      readonly before?: string | undefined
      readonly page: Page
    }
  | {
      readonly kind: 'referrers'
      readonly repository: string
      readonly digest: Digest
      readonly artifactType?: string | undefined
      readonly page: Page
    }

export interface Page {
  /** The most entries. Default: the server chooses. */
  readonly n?: number
  /** The last entry of the page before. */
  readonly last?: string
}

const noParams: URLSearchParams = new URLSearchParams()
const sessionPattern = /^[A-Za-z0-9_-]{1,128}$/

/** `path?query`, to be resolved against the registry's origin. */
export function formatEndpoint(endpoint: Endpoint): string {
  switch (endpoint.kind) {
    case 'ping':
      return '/v2/'
    case 'catalog':
      return `/v2/_catalog${query(pageQuery(endpoint.page))}`
    case 'tags':
      return `/v2/${endpoint.repository}/tags/list${query(pageQuery(endpoint.page))}`
    case 'manifest':
      return `/v2/${endpoint.repository}/manifests/${endpoint.reference}${query(
        (endpoint.tags ?? []).map((tag) => ['tag', tag]),
      )}`
    case 'blob':
      return `/v2/${endpoint.repository}/blobs/${endpoint.digest}`
    case 'uploads':
      return `/v2/${endpoint.repository}/blobs/uploads/${query([
        ['digest', endpoint.digest],
        ['mount', endpoint.mount],
        ['from', endpoint.from],
        ['digest-algorithm', endpoint.algorithm],
      ])}`
    case 'upload':
      return `/v2/${endpoint.repository}/blobs/uploads/${endpoint.session}${query([
        ['digest', endpoint.digest],
      ])}`
    case 'tag-history':
      return `/v2/${endpoint.repository}/_oci/tag-history/${endpoint.tag}${query([
        ['digest', endpoint.digest],
        ['before', endpoint.before],
        ...pageQuery(endpoint.page),
      ])}`
    case 'referrers':
      return `/v2/${endpoint.repository}/referrers/${endpoint.digest}${query([
        ['artifactType', endpoint.artifactType],
        ...pageQuery(endpoint.page),
      ])}`
  }
}

/**
 * Returns the endpoint of a URL, or `undefined` when there is no such endpoint. Throws
 * `NAME_INVALID`, `DIGEST_INVALID` or `INVALID` when a part breaks its grammar. In a path
 * only the escape `%3A` is decoded; every other escape is refused.
 */
export function parseEndpoint(url: URL): Endpoint | undefined {
  const path = decodePath(url.pathname)
  const params = url.search === '' ? noParams : url.searchParams
  if (path === '/v2/' || path === '/v2') return { kind: 'ping' }
  if (path === '/v2/_catalog') return { kind: 'catalog', page: parsePage(params) }
  const match =
    /^\/v2\/(.+)\/(?:(tags)\/list|(manifests)\/([^/]+)|blobs\/(uploads)\/([^/]*)|(blobs)\/([^/]+)|(referrers)\/([^/]+)|_oci\/(tag-history)\/([^/]+))$/.exec(
      path,
    )
  if (match === null) return undefined
  const [, name = '', tags, manifests, reference = '', uploads, session = '', blobs, blob = ''] =
    match
  const repository = parseName(name)
  if (tags !== undefined) return { kind: 'tags', repository, page: parsePage(params) }
  if (manifests !== undefined) return parseManifestEndpoint(repository, reference, params)
  if (uploads !== undefined) return parseUploadEndpoint(repository, session, params)
  if (blobs !== undefined) return { kind: 'blob', repository, digest: parseDigest(blob) }
  if (match[11] !== undefined) return parseHistoryEndpoint(repository, match[12] ?? '', params)
  const artifactType = single(params, 'artifactType')
  return {
    kind: 'referrers',
    repository,
    digest: parseDigest(match[10] ?? ''),
    artifactType,
    page: parsePage(params),
  }
}

/** Returns a repository name. Throws `NAME_INVALID`, which shows the name shortened. */
export function parseName(text: string): string {
  if (isRepositoryName(text)) return text
  throw new StrakeError(
    'NAME_INVALID',
    `Cannot use ${JSON.stringify(text.slice(0, 80))} as a repository name: names are lower-case letters, digits and separators`,
  )
}

function parseHistoryEndpoint(repository: string, tag: string, params: URLSearchParams): Endpoint {
  const digest = single(params, 'digest')
  return {
    kind: 'tag-history',
    repository,
    tag: checkTag(tag),
    digest: digest === undefined ? undefined : parseDigest(digest),
    before: single(params, 'before'),
    page: parsePage(params),
  }
}

function parseManifestEndpoint(
  repository: string,
  reference: string,
  params: URLSearchParams,
): Endpoint {
  if (reference.includes(':')) parseDigest(reference)
  const tags = params.getAll('tag').map(checkTag)
  return {
    kind: 'manifest',
    repository,
    reference,
    ...(tags.length === 0 ? {} : { tags }),
  }
}

function parseUploadEndpoint(
  repository: string,
  session: string,
  params: URLSearchParams,
): Endpoint {
  const digest = single(params, 'digest')
  const optionalDigest = digest === undefined ? {} : { digest: parseDigest(digest) }
  if (session !== '') {
    if (!sessionPattern.test(session)) {
      throw new StrakeError(
        'BLOB_UPLOAD_UNKNOWN',
        'Cannot continue the upload: no such upload session',
      )
    }
    return { kind: 'upload', repository, session, ...optionalDigest }
  }
  const mount = single(params, 'mount')
  const from = single(params, 'from')
  return {
    kind: 'uploads',
    repository,
    ...optionalDigest,
    ...(mount === undefined ? {} : { mount: parseDigest(mount) }),
    ...(from === undefined || from === '' ? {} : { from: parseName(from) }),
    ...parseAlgorithm(params),
  }
}

function parseAlgorithm(params: URLSearchParams): { readonly algorithm?: DigestAlgorithm } {
  const algorithm = single(params, 'digest-algorithm')
  if (algorithm === undefined) return {}
  if (algorithm === 'sha256' || algorithm === 'sha512') return { algorithm }
  throw new StrakeError('DIGEST_INVALID', 'Cannot start an upload: unknown digest algorithm')
}

/** Returns a tag. Throws `MANIFEST_INVALID`, which shows the tag shortened. */
export function checkTag(text: string): string {
  if (isTag(text)) return text
  throw new StrakeError(
    'MANIFEST_INVALID',
    `Cannot use ${JSON.stringify(text.slice(0, 80))} as a tag: tags are at most 128 letters, digits, and . _ -`,
  )
}

function parsePage(params: URLSearchParams): Page {
  const n = single(params, 'n')
  const last = single(params, 'last')
  if (n !== undefined && !/^\d{1,15}$/.test(n)) {
    throw new StrakeError('INVALID', 'Cannot list: n is not a whole number')
  }
  return {
    ...(n === undefined ? {} : { n: Number(n) }),
    ...(last === undefined || last === '' ? {} : { last }),
  }
}

/** Refuses a repeated parameter, because two readers may take different values of it. */
function single(params: URLSearchParams, name: string): string | undefined {
  const values = params.getAll(name)
  if (values.length > 1) {
    throw new StrakeError(
      name === 'digest' ? 'DIGEST_INVALID' : 'INVALID',
      `Cannot serve the request: ${name} is given more than once`,
    )
  }
  return values[0]
}

function decodePath(path: string): string {
  const decoded = path.replace(/%3a/gi, ':')
  if (decoded.length > 4096 || /[^\x21-\x7e]|[%\\;]/.test(decoded)) {
    throw new StrakeError('NAME_INVALID', 'Cannot serve the request: its path is not valid')
  }
  return decoded
}

function pageQuery(page: Page): [string, string | undefined][] {
  return [
    ['n', page.n === undefined ? undefined : String(page.n)],
    ['last', page.last],
  ]
}

function query(pairs: readonly (readonly (string | undefined)[])[]): string {
  const params = new URLSearchParams()
  for (const [name, value] of pairs) {
    if (name !== undefined && value !== undefined) params.append(name, value)
  }
  const text = params.toString()
  return text === '' ? '' : `?${text}`
}
