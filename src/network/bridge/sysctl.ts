import { readFileSync, writeFileSync } from 'node:fs'
import { StrakeError } from '#oci'
import { isSystemError } from '#platform'

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

function pathOf(name: string): string {
  return `/proc/sys/net/${name}`
}

function reasonOf(cause: unknown): string {
  return isSystemError(cause, 'EROFS') ? '/proc/sys is read-only' : 'permission denied'
}
