import { readFileSync } from 'node:fs'
import { isSystemError } from '#platform'
import { parseAddress } from './ipv4.ts'

/** How names are resolved: what a resolv.conf says. */
export interface ResolverConfig {
  readonly nameservers: readonly string[]
  readonly search: readonly string[]
  readonly options: readonly string[]
}

/** Used, as Docker does, where the host has no name server that a container could reach. */
const publicNameservers = ['8.8.8.8', '8.8.4.4']

const ownFile = '/etc/resolv.conf'
const resolvedFile = '/run/systemd/resolve/resolv.conf'

/** Understands the keywords of resolv.conf(5); the last `search` or `domain` counts, unknown lines are skipped. */
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
 * What a container with a network of its own is given: the host's name servers
 * without those it cannot reach (loopback, IPv6). Where only a local stub is
 * left, the servers behind systemd-resolved are taken; failing that, public ones.
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

/** What a container in the host's own network is given: the host's file as it is. */
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
