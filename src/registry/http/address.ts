import { StrakeError } from '#oci'

export interface AddressOptions {
  /** Allow plain HTTP although the host is not this machine. */
  readonly insecure?: boolean
}

/** Docker Hub's API lives elsewhere than its name says. */
const hubNames = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io'])

/**
 * The origin that serves a registry's API: HTTPS, except on a loopback address
 * or with `insecure`. Refuses anything that is more than `host[:port]`, so that
 * `registry.example:443@elsewhere` cannot be read two ways.
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

/** True for 127.0.0.0/8, `::1` and `localhost`. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

/**
 * True for hosts an outsider has no business naming: loopback, private,
 * link-local and metadata addresses, and names that only an inner network
 * resolves. Judges the name alone; nothing is looked up.
 */
export function isPrivateHost(hostname: string): boolean {
  if (hostname.startsWith('[')) return isPrivateIpv6(hostname.slice(1, -1))
  const octets = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(hostname)
  if (octets === null) {
    return (
      !hostname.includes('.') || /\.(?:localhost|local|internal|lan|home\.arpa)\.?$/.test(hostname)
    )
  }
  const [a, b] = [Number(octets[1]), Number(octets[2])]
  return (
    a === 0 ||
    a === 10 ||
    a === 127 ||
    (a === 100 && b >= 64 && b < 128) ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168)
  )
}

/**
 * True when two hosts are run by the same party as far as names can tell: equal,
 * or below one registrable domain that is not handed out to tenants.
 */
export function isSameSite(one: string, other: string): boolean {
  if (one === other) return true
  if (isLoopback(one) && isLoopback(other)) return true
  const site = registrableDomain(one)
  return site !== undefined && site === registrableDomain(other)
}

/** Domains whose subdomains belong to different customers. */
const tenantSuffixes = [
  'amazonaws.com',
  'azurecr.io',
  'azurewebsites.net',
  'azure.com',
  'cloudfront.net',
  'fly.dev',
  'github.io',
  'gitlab.io',
  'herokuapp.com',
  'jfrog.io',
  'netlify.app',
  'ngrok.io',
  'pages.dev',
  'pkg.dev',
  'run.app',
  'vercel.app',
  'workers.dev',
]

function registrableDomain(hostname: string): string | undefined {
  if (/^[\d.]+$|^\[/.test(hostname)) return undefined
  const labels = hostname.split('.')
  if (labels.length < 2) return undefined
  const lastTwo = labels.slice(-2).join('.')
  if (tenantSuffixes.includes(lastTwo)) return undefined
  const secondLevel = /^(?:co|com|org|net|gov|ac|edu|gob|ne|or|go)\.[a-z]{2}$/.test(lastTwo)
  if (!secondLevel) return lastTwo
  return labels.length < 3 ? undefined : labels.slice(-3).join('.')
}

function isPrivateIpv6(address: string): boolean {
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address)
  if (mapped !== null) {
    const [high, low] = [parseInt(mapped[1] ?? '', 16), parseInt(mapped[2] ?? '', 16)]
    return isPrivateHost([high >> 8, high & 255, low >> 8, low & 255].join('.'))
  }
  return address === '::' || address === '::1' || /^f[cd]|^fe[89ab]/.test(address)
}

function parseHost(host: string): URL | undefined {
  if (!/^(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/.test(host)) return undefined
  try {
    return new URL(`https://${host}`)
  } catch {
    return undefined
  }
}
