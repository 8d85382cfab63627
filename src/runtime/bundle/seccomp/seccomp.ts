import {
  allowedByArchitecture,
  allowedByCapability,
  alwaysAllowed,
  filterArchitectures,
  tracing,
} from './seccomp-table.ts'

/** @see https://github.com/opencontainers/runtime-spec/blob/v1.0.2/config-linux.md#seccomp */
export interface SeccompProfile {
  readonly defaultAction: string
  readonly defaultErrnoRet?: number | undefined
  readonly architectures?: readonly string[] | undefined
  readonly flags?: readonly string[] | undefined
  readonly syscalls?: readonly SeccompRule[] | undefined
}

export interface SeccompRule {
  readonly names: readonly string[]
  readonly action: string
  readonly errnoRet?: number | undefined
  readonly args?: readonly SeccompArgument[] | undefined
}

export interface SeccompArgument {
  readonly index: number
  readonly value: number
  readonly valueTwo?: number | undefined
  readonly op: string
}

const operationNotPermitted = 1
const notImplemented = 38
/** The bits of `clone`'s flags that create new namespaces. */
const namespaceFlags = 0x7e020000

/**
 * The default filter, with the structure of Docker's. A system call in no list is refused with
 * EPERM. For system calls newer than its library, runc returns ENOSYS, so that programs fall back
 * as on an older kernel; `extendFilter` does the same for crun.
 */
export function defaultSeccomp(
  capabilities: readonly string[],
  architecture: string = process.arch,
): SeccompProfile {
  const rules: SeccompRule[] = [
    allow(alwaysAllowed),
    allow(tracing),
    ...addressFamilies(),
    ...[0x0, 0x8, 0x20000, 0x20008, 0xffffffff].map((persona) =>
      allow('personality', { index: 0, value: persona, op: 'SCMP_CMP_EQ' }),
    ),
  ]
  const ofMachine = allowedByArchitecture[architecture]
  if (ofMachine !== undefined) rules.push(allow(ofMachine))
  for (const [capability, syscalls] of Object.entries(allowedByCapability)) {
    if (capabilities.includes(capability)) rules.push(allow(syscalls))
  }
  if (!capabilities.includes('CAP_SYS_ADMIN')) rules.push(...withoutNamespaces(architecture))
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: operationNotPermitted,
    architectures: filterArchitectures[architecture] ?? [],
    syscalls: rules,
  }
}

function allow(list: string, ...args: readonly SeccompArgument[]): SeccompRule {
  const names = list.trim().split(/\s+/)
  return { names, action: 'SCMP_ACT_ALLOW', ...(args.length === 0 ? {} : { args }) }
}

/** Each allowed socket family, as the first one of a range and the mask that selects the range. */
const socketFamilies: readonly (readonly [first: number, mask: number])[] = [
  [0, 0xffffffe0],
  [32, 0xfffffffc],
  [36, 0xfffffffe],
  [39, 0xffffffff],
  [41, 0xffffffff],
  [42, 0xfffffffe],
  [44, 0xfffffffc],
  [48, 0xfffffff0],
]

/**
 * Allows sockets of the families 0 to 63, except AF_ALG (38), the kernel's crypto, and AF_VSOCK
 * (40), which leads out of the machine. The kernel reads 32 bits of the family and a filter
 * compares 64, so each rule masks the upper half. Otherwise 2^32 + 40 would pass and open a vsock.
 *
 * A 32-bit x86 program can still use both families with `socketcall`: its arguments are in memory,
 * which a filter cannot read. Without that call most 32-bit programs would have no network.
 */
function addressFamilies(): readonly SeccompRule[] {
  return socketFamilies.map(([first, mask]) =>
    allow('socket', { index: 0, value: mask, valueTwo: first, op: 'SCMP_CMP_MASKED_EQ' }),
  )
}

function withoutNamespaces(architecture: string): readonly SeccompRule[] {
  return [
    allow('clone', {
      index: architecture === 's390x' ? 1 : 0,
      value: namespaceFlags,
      valueTwo: 0,
      op: 'SCMP_CMP_MASKED_EQ',
    }),
    // Its flags are in memory, which a filter cannot read; C libraries fall back to clone.
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: notImplemented },
  ]
}
