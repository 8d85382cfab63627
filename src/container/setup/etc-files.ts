import { readFileSync } from 'node:fs'
import { type Attachment, formatHosts, formatResolvConf } from '#network'
import { writeFileWithMode } from '#platform'
import type { ContainerPaths } from '../model/context.ts'
import type { ContainerSettings } from '../model/settings.ts'
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
  attachment: Attachment,
): readonly ResolvedMount[] {
  const content: Readonly<Record<(typeof etcFileNames)[number], string>> = {
    hosts: hosts(settings, attachment),
    hostname: `${settings.hostname}\n`,
    'resolv.conf': formatResolvConf({
      nameservers: settings.dns.length > 0 ? settings.dns : attachment.resolver.nameservers,
      search: settings.dnsSearch.length > 0 ? settings.dnsSearch : attachment.resolver.search,
      options: settings.dnsOptions.length > 0 ? settings.dnsOptions : attachment.resolver.options,
    }),
  }
  const taken = new Set(settings.mounts.map(({ destination }) => destination))
  return etcFileNames
    .filter((name) => !taken.has(`/etc/${name}`))
    .map((name) => {
      const source = `${paths.directory}/${name}`
      writeFileWithMode(source, content[name], 0o644)
      const place = { type: 'bind', source, destination: `/etc/${name}` } as const
      const { readOnly } = settings
      return { ...place, readOnly, kind: 'bind', anonymous: false, point: 'file' }
    })
}

function hosts(settings: ContainerSettings, attachment: Attachment): string {
  const extra = settings.extraHosts.map(({ name, ip }) => ({
    name,
    ip: ip === 'host-gateway' ? (attachment.gateway ?? '127.0.0.1') : ip,
  }))
  if (settings.network === 'host') {
    const lines = extra.map(({ name, ip }) => `${ip}\t${name}\n`)
    return `${readHostFile()}${lines.join('')}`
  }
  const { ip } = attachment
  const { hostname, domainname } = settings
  const full = domainname ? `${hostname}.${domainname}` : hostname
  return formatHosts({ hostname: full, extra, ip })
}

function readHostFile(): string {
  try {
    return readFileSync('/etc/hosts', 'utf8')
  } catch {
    return '127.0.0.1\tlocalhost\n'
  }
}
