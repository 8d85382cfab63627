import { StrakeError } from '#oci'
import { ipVersion, isPrivateAddress } from '#platform'

export interface AddressOptions {
  /** Allow plain HTTP although the host is not this machine. */
  readonly insecure?: boolean
}

/** The names of Docker Hub, whose API is on another host. */
const hubNames = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io'])

/**
 * Returns the origin of a registry's API: HTTPS, except on a loopback address or with
 * `insecure`. Refuses anything but `host[:port]`, because `registry.example:443@elsewhere`
 * could be read in two ways.
 */
export function registryOrigin(host: string, options: AddressOptions = {}): URL {
  const real = hubNames.has(host) ? 'registry-1.docker.io' : host
  const url = parseHost(real)
  if (url === undefined) {
    throw new StrakeError(
      'INVALID',
      `Cannot use ${JSON.stringify(host.slice(0, 80))} as a registry: not a host name with an optional port`,
    )
  }
  return options.insecure === true || isLoopback(url.hostname) ? new URL(`http://${real}`) : url
}

/** Returns true for 127.0.0.0/8, `::1` and `localhost`. */
export function isLoopback(hostname: string): boolean {
  const host = bare(hostname)
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

/** Resolves a host name to all its addresses. */
export type ResolveHost = (hostname: string) => Promise<readonly string[]>

/**
 * Returns true for hosts that a public registry may not name: loopback, private,
 * link-local and metadata addresses, and names that only an inner network resolves.
 * Checks only the name.
 */
export function isPrivateHost(hostname: string): boolean {
  const host = bare(hostname)
  if (ipVersion(host) !== 0) return isPrivateAddress(host)
  return !host.includes('.') || /\.(?:localhost|local|internal|lan|home\.arpa)$/.test(host)
}

/** Like `isPrivateHost`, and also checks the host's addresses. A host without addresses fails later. */
export async function leadsInside(hostname: string, resolve?: ResolveHost): Promise<boolean> {
  const host = bare(hostname)
  if (isPrivateHost(host)) return true
  if (resolve === undefined || ipVersion(host) !== 0) return false
  const addresses = await resolve(host).catch(() => [])
  return addresses.some(isPrivateAddress)
}

/** Returns all addresses of a host from the system's resolver. */
export async function resolveHost(hostname: string): Promise<readonly string[]> {
  const { lookup } = process.getBuiltinModule('node:dns/promises')
  return (await lookup(hostname, { all: true })).map(({ address }) => address)
}

/**
 * Returns true when two hosts belong to one party by their names: they are equal, or
 * below one registered domain. The public suffix list has the domains whose subdomains
 * belong to different customers, such as `github.io`.
 */
export async function isSameSite(one: string, other: string): Promise<boolean> {
  if (one === other) return true
  if (isLoopback(one) && isLoopback(other)) return true
  const { getDomain } = await import('tldts')
  const site = getDomain(bare(one), { allowPrivateDomains: true })
  if (site === null || tenantDomains.includes(site)) return false
  return site === getDomain(bare(other), { allowPrivateDomains: true })
}

/** Hosted registries whose subdomains belong to customers, and which the list lacks. */
const tenantDomains = ['amazonaws.com', 'azurecr.io', 'jfrog.io', 'pkg.dev']

/** Returns an address without its brackets, or a name without its final dot. */
export function bare(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
}

function parseHost(host: string): URL | undefined {
  if (!/^(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/.test(host)) return undefined
  try {
    return new URL(`https://${host}`)
  } catch {
    return undefined
  }
}
