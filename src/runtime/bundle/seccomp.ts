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
  readonly defaultErrnoRet?: number
  readonly architectures?: readonly string[]
  readonly flags?: readonly string[]
  readonly syscalls?: readonly SeccompRule[]
}

export interface SeccompRule {
  readonly names: readonly string[]
  readonly action: string
  readonly errnoRet?: number
  readonly args?: readonly SeccompArgument[]
}

export interface SeccompArgument {
  readonly index: number
  readonly value: number
  readonly valueTwo?: number
  readonly op: string
}

const operationNotPermitted = 1
const notImplemented = 38
/** The bits of `clone`'s flags that make new namespaces. */
const namespaceFlags = 0x7e020000

/**
 * The default filter: Docker's shape. A system call in no list is refused with
 * EPERM; runc itself answers ENOSYS to those newer than its library knows, and
 * `extendFilter` does so for crun, so that programs fall back as they would on
 * an older kernel.
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

/** Every family but AF_ALG (38), the kernel's crypto, and AF_VSOCK (40), which leads out of the machine. */
function addressFamilies(): readonly SeccompRule[] {
  return [
    allow('socket', { index: 0, value: 38, op: 'SCMP_CMP_LT' }),
    allow('socket', { index: 0, value: 39, op: 'SCMP_CMP_EQ' }),
    allow('socket', { index: 0, value: 40, op: 'SCMP_CMP_GT' }),
  ]
}

function withoutNamespaces(architecture: string): readonly SeccompRule[] {
  return [
    allow('clone', {
      index: architecture === 's390x' ? 1 : 0,
      value: namespaceFlags,
      valueTwo: 0,
      op: 'SCMP_CMP_MASKED_EQ',
    }),
    // Its flags lie in memory where no filter can look; C libraries fall back to clone.
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: notImplemented },
  ]
}
