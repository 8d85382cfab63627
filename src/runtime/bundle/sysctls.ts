import { StrakeError } from '#oci'
import { pathExists } from '#platform'
import type { IpcMode } from './mounts.ts'

export interface SysctlOptions {
  readonly sysctls?: Readonly<Record<string, string>> | undefined
  /** The container has the machine's network. */
  readonly hostNetwork: boolean
  readonly ipcNamespace?: IpcMode | undefined
  readonly utsNamespace?: 'private' | 'host' | undefined
  /** The NIS domain name, which is such a setting. */
  readonly domainname?: string | undefined
}

const ofIpc =
  /^(kernel\.(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)|fs\.mqueue\..+)$/

const ofDomain = 'kernel.domainname'

/** Kernel settings of a container's own namespaces. Throws `DENIED` for any other. */
export function sysctlConfig(options: SysctlOptions): Readonly<Record<string, string>> {
  const { sysctls = {}, hostNetwork, ipcNamespace, utsNamespace, domainname } = options
  for (const name of Object.keys(sysctls)) {
    const isOwn =
      (name.startsWith('net.') && !hostNetwork) ||
      (ofIpc.test(name) && ipcNamespace !== 'host') ||
      (name === ofDomain && utsNamespace !== 'host')
    if (!isOwn) {
      throw new StrakeError('DENIED', `Cannot set sysctl ${name}: it would change the host`)
    }
    if (!isKnown(name)) {
      throw new StrakeError('INVALID', `Cannot set sysctl ${name}: this kernel does not have it`)
    }
  }
  return {
    ...(hostNetwork ? {} : ofNetwork),
    ...(domainname ? { [ofDomain]: domainname } : {}),
    ...sysctls,
  }
}

/** Parts of the kernel whose settings are there before a container uses them. */
const alwaysThere = /^(kernel|fs|net\/(core|ipv4|ipv6|unix))\//

/**
 * False only for settings that no namespace of this kernel has. Others appear with a module, which a
 * network may load, and each interface of a container has those of `default`.
 */
function isKnown(name: string): boolean {
  const path = name.replaceAll('.', '/')
  if (!alwaysThere.test(path)) return true
  const own = path.replace(/^(net\/ipv[46]\/(?:conf|neigh))\/[^/]+\//, '$1/default/')
  return pathExists(`/proc/sys/${own}`)
}

/** The settings of Docker in every network namespace that it creates. */
const ofNetwork = {
  'net.ipv4.ip_unprivileged_port_start': '0',
  'net.ipv4.ping_group_range': '0 2147483647',
}
