import type { SeccompProfile } from './seccomp.ts'
import type { RuleCondition, SeccompSource } from './seccomp-profile.ts'

/** The facts on which the rules of a profile may depend. */
export interface SeccompFacts {
  /** The bounding set of the container. */
  readonly capabilities: readonly string[]
  /** As in `process.arch`. */
  readonly architecture: string
  /** The output of `uname -r`. */
  readonly kernel: string
}

/** The rules of `source` that apply to a container, in the form of the runtimes. */
export function resolveSeccomp(source: SeccompSource, facts: SeccompFacts): SeccompProfile {
  const { archMap, syscalls, ...profile } = source
  const native = nativeArchitectures[facts.architecture]
  const entry = archMap?.find(({ architecture }) => architecture === native?.filter)
  return {
    ...profile,
    ...(entry && { architectures: [entry.architecture, ...(entry.subArchitectures ?? [])] }),
    syscalls: (syscalls ?? [])
      .filter(({ includes, excludes }) => {
        const known = { ...facts, architecture: native?.rule ?? '' }
        return isIncluded(includes, known) && !isExcluded(excludes, known)
      })
      .map(({ includes, excludes, ...rule }) => rule),
  }
}

function isIncluded(condition: RuleCondition = {}, facts: SeccompFacts): boolean {
  const { caps = [], arches = [], minKernel } = condition
  return (
    (arches.length === 0 || arches.includes(facts.architecture)) &&
    caps.every((name) => facts.capabilities.includes(name)) &&
    (minKernel === undefined || isAtLeast(facts.kernel, minKernel))
  )
}

function isExcluded(condition: RuleCondition = {}, facts: SeccompFacts): boolean {
  const { caps = [], arches = [], minKernel } = condition
  return (
    arches.includes(facts.architecture) ||
    caps.some((name) => facts.capabilities.includes(name)) ||
    (minKernel !== undefined && isAtLeast(facts.kernel, minKernel))
  )
}

/** Compares the first two numbers: `4.8` and `4.8.3-arch1` are equal. An empty version is 0.0. */
function isAtLeast(kernel: string, wanted: string): boolean {
  const [major = 0, minor = 0] = kernel.split(/\D/).map(Number)
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split('.').map(Number)
  return major === wantedMajor ? minor >= wantedMinor : major > wantedMajor
}

/** Names of each machine: in `archMap`, and in `arches`. */
const nativeArchitectures: Readonly<
  Partial<Record<string, { readonly filter: string; readonly rule: string }>>
> = {
  x64: { filter: 'SCMP_ARCH_X86_64', rule: 'amd64' },
  arm64: { filter: 'SCMP_ARCH_AARCH64', rule: 'arm64' },
  arm: { filter: 'SCMP_ARCH_ARM', rule: 'arm' },
  s390x: { filter: 'SCMP_ARCH_S390X', rule: 's390x' },
  riscv64: { filter: 'SCMP_ARCH_RISCV64', rule: 'riscv64' },
  loong64: { filter: 'SCMP_ARCH_LOONGARCH64', rule: 'loongarch64' },
  ppc64: { filter: 'SCMP_ARCH_PPC64LE', rule: 'ppc64le' },
}
