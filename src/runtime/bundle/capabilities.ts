import { StrakeError } from '#oci'
import { readSmallFile } from '#platform'

/** Every capability of Linux, in the order of their bits. */
const names = [
  'CHOWN',
  'DAC_OVERRIDE',
  'DAC_READ_SEARCH',
  'FOWNER',
  'FSETID',
  'KILL',
  'SETGID',
  'SETUID',
  'SETPCAP',
  'LINUX_IMMUTABLE',
  'NET_BIND_SERVICE',
  'NET_BROADCAST',
  'NET_ADMIN',
  'NET_RAW',
  'IPC_LOCK',
  'IPC_OWNER',
  'SYS_MODULE',
  'SYS_RAWIO',
  'SYS_CHROOT',
  'SYS_PTRACE',
  'SYS_PACCT',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_NICE',
  'SYS_RESOURCE',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
  'MKNOD',
  'LEASE',
  'AUDIT_WRITE',
  'AUDIT_CONTROL',
  'SETFCAP',
  'MAC_OVERRIDE',
  'MAC_ADMIN',
  'SYSLOG',
  'WAKE_ALARM',
  'BLOCK_SUSPEND',
  'AUDIT_READ',
  'PERFMON',
  'BPF',
  'CHECKPOINT_RESTORE',
] as const

/** The default capabilities of a container: Docker's fourteen. */
const defaults = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FSETID',
  'FOWNER',
  'MKNOD',
  'NET_RAW',
  'SETGID',
  'SETUID',
  'SETFCAP',
  'SETPCAP',
  'NET_BIND_SERVICE',
  'SYS_CHROOT',
  'KILL',
  'AUDIT_WRITE',
]

export interface CapabilityOptions {
  /** Names with or without `CAP_`, in any case; `ALL` means all capabilities of the host. */
  readonly add?: readonly string[] | undefined
  readonly drop?: readonly string[] | undefined
  /** All capabilities of the host. `add` and `drop` then have no effect. */
  readonly privileged?: boolean | undefined
  /** The host's bounding set (`CapBnd`). Default: that of this process. */
  readonly bounding?: bigint | undefined
}

/**
 * The capabilities of a container's processes, as `CAP_…` names in the order of their bits.
 * Excludes those that are not in the host's bounding set, because a runtime would refuse to grant
 * them. Throws `INVALID` for an unknown name.
 */
export function resolveCapabilities(options: CapabilityOptions = {}): readonly string[] {
  const bounding = options.bounding ?? hostBounding()
  const add = (options.add ?? []).map(normalize)
  const drop = (options.drop ?? []).map(normalize)
  let wanted = new Set<string>(drop.includes('ALL') ? [] : defaults)
  if (add.includes('ALL')) wanted = new Set(names)
  if (options.privileged) wanted = new Set(names)
  else {
    for (const name of drop) wanted.delete(name)
    for (const name of add) wanted.add(name)
  }
  return names
    .filter((name, bit) => wanted.has(name) && (bounding >> BigInt(bit)) & 1n)
    .map((name) => `CAP_${name}`)
}

function normalize(text: string): string {
  const name = text.toUpperCase().replace(/^CAP_/, '')
  if (name === 'ALL' || names.some((known) => known === name)) return name
  throw new StrakeError('INVALID', `Cannot use capability ${text}: there is no such capability`)
}

/** Whether this process may ever hold a capability, named without `CAP_`. */
export function hostHasCapability(name: (typeof names)[number]): boolean {
  return ((hostBounding() >> BigInt(names.indexOf(name))) & 1n) === 1n
}

let hostSet: bigint | undefined

function hostBounding(): bigint {
  if (hostSet === undefined) {
    const status = readSmallFile('/proc/self/status') ?? ''
    hostSet = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`)
  }
  return hostSet
}
