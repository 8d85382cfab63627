import { readSmallFile } from '../call/posix.ts'

/** Bits of a capability set. */
const capability = { chown: 0n, sysAdmin: 21n } as const

/**
 * True when this process may mount file systems: overlays in any user namespace, disks only outside
 * one.
 */
export function canMount(status: string = ownStatus()): boolean {
  return has(status, capability.sysAdmin)
}

/** True when this process may change the owner of files to any user of its namespace. */
export function canChown(status: string = ownStatus()): boolean {
  return has(status, capability.chown)
}

/** True for user 0 of the machine or of a user namespace, whatever its capabilities. */
export function isRoot(uid: number = process.getuid?.() ?? 0): boolean {
  return uid === 0
}

function has(status: string, bit: bigint): boolean {
  const set = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1]
  return set !== undefined && ((BigInt(`0x${set}`) >> bit) & 1n) === 1n
}

let knownStatus: string | undefined

function ownStatus(): string {
  knownStatus ??= readSmallFile('/proc/self/status') ?? ''
  return knownStatus
}
