const hub = 'https://index.docker.io/v1/'
const hubNames = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io'])

/**
 * The keys under which a credential for `host/repository` may be kept, the most
 * specific first: `quay.io/org/app`, `quay.io/org`, `quay.io`. Only exactly this
 * host, port included: the password of another registry is never tried.
 */
export function credentialKeys(host: string, repository?: string): string[] {
  const hosts = hubNames.has(host) ? ['docker.io', 'index.docker.io'] : [host]
  const parts = repository === undefined ? [] : repository.split('/')
  const keys: string[] = []
  for (let length = parts.length; length > 0; length -= 1) {
    for (const name of hosts) keys.push(`${name}/${parts.slice(0, length).join('/')}`)
  }
  return [...keys, ...(hubNames.has(host) ? [hub] : []), ...hosts]
}

/** The key `login` writes and credential helpers are asked for. */
export function serverKey(host: string): string {
  return hubNames.has(host) ? hub : host
}

/**
 * The entry for the first of `keys` that `entries` has. A key written as a URL,
 * as old versions of Docker did, counts as its host.
 */
export function findEntry<T>(
  entries: Readonly<Record<string, T>>,
  keys: readonly string[],
): { readonly key: string; readonly value: T } | undefined {
  for (const wanted of keys) {
    if (Object.hasOwn(entries, wanted)) {
      const value = entries[wanted]
      if (value !== undefined) return { key: wanted, value }
    }
    for (const [key, value] of Object.entries(entries)) {
      if (hostOfUrl(key) === wanted) return { key, value }
    }
  }
  return undefined
}

function hostOfUrl(key: string): string | undefined {
  return /^https?:\/\/([^/@]+)(?:\/(?:v[12]\/?)?)?$/.exec(key)?.[1]
}
