import { readFileSync } from 'node:fs'
import { isSystemError, parseAddress } from '#platform'

/** The contents of a resolv.conf. */
export interface ResolverConfig {
  readonly nameservers: readonly string[]
  readonly search: readonly string[]
  readonly options: readonly string[]
}

/**
 * Public servers, for a host without a name server that a container can reach; the same as
 * Docker's.
 */
const publicNameservers = ['8.8.8.8', '8.8.4.4']

const ownFile = '/etc/resolv.conf'
const resolvedFile = '/run/systemd/resolve/resolv.conf'

/**
 * Reads the keywords of resolv.conf(5). The last `search` or `domain` counts. Skips unknown lines.
 */
export function parseResolvConf(text: string): ResolverConfig {
  const nameservers: string[] = []
  const options: string[] = []
  let search: readonly string[] = []
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/)
    if (keyword === 'nameserver' && words[0] !== undefined) nameservers.push(words[0])
    if (keyword === 'search' || keyword === 'domain') search = words
    if (keyword === 'options') options.push(...words)
  }
  return { nameservers, search, options }
}

export function formatResolvConf(config: ResolverConfig): string {
  const { nameservers, search, options } = config
  const lines = nameservers.map((server) => `nameserver ${server}`)
  if (search.length > 0) lines.push(`search ${search.join(' ')}`)
  if (options.length > 0) lines.push(`options ${options.join(' ')}`)
  return lines.map((line) => `${line}\n`).join('')
}

/**
 * Returns the name servers for a container with its own network: those of the host that it can
 * reach, which excludes loopback and IPv6. When the host has only a local stub, returns the servers
 * behind systemd-resolved, else public servers.
 */
export function readContainerResolver(
  files: { readonly own: string; readonly resolved: string } = {
    own: ownFile,
    resolved: resolvedFile,
  },
): ResolverConfig {
  const host = readConfig(files.own)
  const own = host.nameservers.filter(isReachable)
  if (own.length > 0) return { ...host, nameservers: own }
  const behind = readConfig(files.resolved)
  const upstream = behind.nameservers.filter(isReachable)
  if (upstream.length > 0) return { ...behind, nameservers: upstream }
  return { ...host, nameservers: publicNameservers }
}

/** Returns the host's own file, for a container in the host's network. */
export function readHostResolver(file: string = ownFile): ResolverConfig {
  return readConfig(file)
}

function readConfig(file: string): ResolverConfig {
  try {
    return parseResolvConf(readFileSync(file, 'utf8'))
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'EACCES')) {
      return { nameservers: [], search: [], options: [] }
    }
    throw error
  }
}

function isReachable(server: string): boolean {
  return parseAddress(server) !== undefined && !server.startsWith('127.') && server !== '0.0.0.0'
}
