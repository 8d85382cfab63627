const hub = 'https://index.docker.io/v1/'
const hubNames = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io'])

/**
 * Returns the keys under which a credential for `host/repository` may be kept, the most
 * specific first: `quay.io/org/app`, `quay.io/org`, `quay.io`. The host must be the
 * same, port included, so that no other registry's password is sent.
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

/** Returns the key that `login` writes and that credential helpers are called with. */
export function serverKey(host: string): string {
  return hubNames.has(host) ? hub : host
}

/**
 * Returns the entry for the first of `keys` that `entries` has. A key that is a URL, as
 * old versions of Docker wrote it, counts as its host.
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
