/** The kinds of requests in metrics, each with the paths that it has. The first one counts. */
const kinds: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ['ping', /^\/v2\/?$/],
  ['catalog', /^\/v2\/_catalog$/],
  ['token', /^\/v2\/_token$/],
  ['manifest', /^\/v2\/.+\/manifests\/[^/]+$/],
  ['upload', /^\/v2\/.+\/blobs\/uploads\/[^/]*$/],
  ['blob', /^\/v2\/.+\/blobs\/[^/]+$/],
  ['tags', /^\/v2\/.+\/tags\/list$/],
  ['referrers', /^\/v2\/.+\/referrers\/[^/]+$/],
  ['history', /^\/v2\/.+\/_oci\/tag-history\/[^/]+$/],
  ['health', /^\/(?:healthz|readyz)$/],
]

/** Returns the kind of a request by its path: one of few words, whatever senders write. */
export function kindOfPath(path: string): string {
  return kinds.find(([, pattern]) => pattern.test(path))?.[0] ?? 'other'
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

export function knownMethod(method: string): string {
  return methods.includes(method) ? method : 'other'
}
