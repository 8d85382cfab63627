/** The parts of a package URL, not escaped. */
export interface PackageUrl {
  /** `docker`, `deb`, `npm` and so on. */
  readonly type: string
  /** Segments between slashes. */
  readonly namespace?: string | undefined
  readonly name: string
  readonly version?: string | undefined
  /** Empty values are left out. */
  readonly qualifiers?: Readonly<Record<string, string | undefined>> | undefined
}

/**
 * Formats a package URL, which names a package of any ecosystem. Qualifiers are sorted.
 *
 * @see https://github.com/package-url/purl-spec
 */
export function formatPackageUrl(parts: PackageUrl): string {
  const { type, namespace = '', name, version = '', qualifiers = {} } = parts
  const path = [...namespace.split('/').filter((segment) => segment !== ''), name].map(escaped)
  const named = Object.entries(qualifiers).flatMap(([key, value]): readonly string[] =>
    value === undefined || value === '' ? [] : [`${key}=${escaped(value)}`],
  )
  const query = named.length === 0 ? '' : `?${named.sort().join('&')}`
  return `pkg:${type}/${path.join('/')}${version === '' ? '' : `@${escaped(version)}`}${query}`
}

/** A colon stays, as the specification demands. The function of the runtime leaves more characters. */
function escaped(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%3A', ':')
}

/** Parses what `formatPackageUrl` writes. Returns `undefined` for other texts. */
export function parsePackageUrl(text: string): PackageUrl | undefined {
  const [, type, path = '', version, query = ''] =
    /^pkg:([a-z0-9.+-]+)\/([^@?#]+)(?:@([^?#]*))?(?:\?([^#]*))?$/.exec(text) ?? []
  if (type === undefined) return undefined
  try {
    const segments = path.split('/').map(decodeURIComponent)
    const name = segments.at(-1) ?? ''
    const qualifiers = query.split('&').map((pair) => {
      const [, key = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(pair) ?? []
      return [key, decodeURIComponent(value)] as const
    })
    return {
      type,
      namespace: segments.slice(0, -1).join('/'),
      name,
      version: version === undefined ? undefined : decodeURIComponent(version),
      qualifiers: Object.fromEntries(qualifiers),
    }
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}
