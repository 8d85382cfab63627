import { readFileSync } from 'node:fs'
import {
  type Attachment,
  formatHosts,
  formatResolvConf,
  nameServerAddress,
  type ResolverConfig,
} from '#network'
import { pathExists, writeFileWithMode } from '#platform'
import type { ContainerPaths } from '../model/context.ts'
import type { ContainerSettings } from '../model/settings.ts'
import { type LinkedContainer, namesOfLinked } from './links.ts'
import type { ResolvedMount } from './volumes.ts'

/** The files that strake writes for each container. */
export const etcFileNames = ['hosts', 'hostname', 'resolv.conf'] as const

/**
 * Writes the container's `/etc/hosts`, `hostname` and `resolv.conf`, and returns
 * the mounts for them. Skips a file if the user mounts another one in its place.
 */
export function writeEtcFiles(
  paths: ContainerPaths,
  settings: ContainerSettings,
  {
    attachment,
    linked = [],
  }: {
    readonly attachment: Attachment
    readonly linked?: readonly LinkedContainer[] | undefined
  },
): readonly ResolvedMount[] {
  const content: Readonly<Record<(typeof etcFileNames)[number], string>> = {
    hosts: hosts(settings, attachment, linked),
    hostname: `${settings.hostname}\n`,
    'resolv.conf': formatResolvConf(resolverOf(settings, attachment)),
  }
  const { directory } = paths
  const names = missingFrom(settings)
  for (const name of names) writeFileWithMode(`${directory}/${name}`, content[name], 0o644)
  return names.map((name) => mountOf(directory, name, settings))
}

/** Returns mounts for the files of another container, whose network this one joins. */
export function shareEtcFiles(
  directory: string,
  settings: ContainerSettings,
): readonly ResolvedMount[] {
  return missingFrom(settings)
    .filter((name) => pathExists(`${directory}/${name}`))
    .map((name) => mountOf(directory, name, settings))
}

/** The files in whose place the user mounts no other one. */
function missingFrom({ mounts }: ContainerSettings): readonly (typeof etcFileNames)[number][] {
  const taken = new Set(mounts.map(({ destination }) => destination))
  return etcFileNames.filter((name) => !taken.has(`/etc/${name}`))
}

function mountOf(
  directory: string,
  name: (typeof etcFileNames)[number],
  { readOnly }: ContainerSettings,
): ResolvedMount {
  const place = { source: `${directory}/${name}`, destination: `/etc/${name}` }
  return { type: 'bind', ...place, readOnly, kind: 'bind', anonymous: false, point: 'file' }
}

function resolverOf(settings: ContainerSettings, attachment: Attachment): ResolverConfig {
  const { dns, dnsSearch, dnsOptions } = settings
  const { nameservers, search, options } = attachment.resolver
  const config = {
    nameservers: dns.length > 0 ? dns : nameservers,
    search: dnsSearch.length > 0 ? dnsSearch : search,
    options: dnsOptions.length > 0 ? dnsOptions : options,
  }
  if (!hasNameServer(attachment)) return config
  // Names of containers have no dots, and the search domains of the host have no such names.
  const isChosen = config.options.some((option) => option.startsWith('ndots:'))
  const own = isChosen ? config.options : [...config.options, 'ndots:0']
  return { ...config, nameservers: [nameServerAddress], options: own }
}

/** Whether the monitor serves names in the container: only networks that users made have them. */
function hasNameServer({ networks }: Attachment): boolean {
  return networks.some(({ id }) => id !== undefined)
}

function hosts(
  settings: ContainerSettings,
  attachment: Attachment,
  linked: readonly LinkedContainer[],
): string {
  const chosen = settings.extraHosts.map(({ name, ip }) => ({
    name,
    ip: ip === 'host-gateway' ? (attachment.gateway ?? '127.0.0.1') : ip,
  }))
  const extra = [
    ...chosen,
    ...linked.map((link) => ({ name: namesOfLinked(link).join(' '), ip: link.ip })),
  ]
  if (settings.network === 'host') {
    const lines = extra.map(({ name, ip }) => `${ip}\t${name}\n`)
    return `${readHostFile()}${lines.join('')}`
  }
  const { ip, ipv6, networks } = attachment
  const all = networks.flatMap((place) => [place.ip, place.ipv6?.ip])
  const [first, ...moreIps] = [ip, ipv6?.ip, ...all]
    .filter((one) => one !== undefined)
    .filter((one, index, list) => list.indexOf(one) === index)
  const { hostname, domainname } = settings
  const full = domainname ? `${hostname}.${domainname}` : hostname
  return formatHosts({ hostname: full, extra, ip: first, moreIps })
}

function readHostFile(): string {
  try {
    return readFileSync('/etc/hosts', 'utf8')
  } catch {
    return '127.0.0.1\tlocalhost\n'
  }
}
