import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { StrakeError } from '#oci'
import { isSystemError, type NftFamily } from '#platform'

/** Reads a setting below `net` of the thread's network namespace. Returns `undefined` when the kernel does not have it. */
export function readSysctl(name: string): string | undefined {
  try {
    return readFileSync(pathOf(name), 'utf8').trim()
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
}

/**
 * Writes a setting if it differs. Ignores a setting that the kernel does not have (IPv6 disabled).
 */
export function writeSysctl(name: string, value: string): void {
  const current = readSysctl(name)
  if (current === undefined || current === value) return
  try {
    writeFileSync(pathOf(name), value)
  } catch (cause) {
    const setting = `net.${name.replaceAll('/', '.')}`
    throw new StrakeError('UNAVAILABLE', `Cannot set ${setting} to ${value}: ${reasonOf(cause)}`, {
      cause,
      remedy: 'make /proc/sys writable or set it beforehand, or use --network host or none',
    })
  }
}

const forwarding = { ip: 'ipv4/ip_forward', ip6: 'ipv6/conf/all/forwarding' } as const

/** Whether the kernel forwards packets of a family. */
export function isForwarding(family: NftFamily): boolean {
  return readSysctl(forwarding[family]) === '1'
}

/**
 * Makes the kernel forward packets of a family. For IPv6, interfaces that get their addresses from
 * a router keep doing so: a forwarding kernel would ignore the router otherwise.
 */
export function startForwarding(family: NftFamily): void {
  if (isForwarding(family)) return
  if (family === 'ip6') {
    for (const device of listDevices()) {
      const setting = `ipv6/conf/${device}/accept_ra`
      if (readSysctl(setting) === '1') writeSysctl(setting, '2')
    }
  }
  writeSysctl(forwarding[family], '1')
}

function listDevices(): readonly string[] {
  try {
    return readdirSync(pathOf('ipv6/conf')).filter((name) => name !== 'all')
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return []
    throw error
  }
}

function pathOf(name: string): string {
  return `/proc/sys/net/${name}`
}

function reasonOf(cause: unknown): string {
  return isSystemError(cause, 'EROFS') ? '/proc/sys is read-only' : 'permission denied'
}
