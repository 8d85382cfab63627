import { normalizePlatform, type Platform } from '#oci'
import { readSmallFile } from '../call/posix.ts'

const architectures: Readonly<Record<string, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
  ia32: '386',
  arm: 'arm',
  ppc64: 'ppc64le',
  s390x: 's390x',
  riscv64: 'riscv64',
  loong64: 'loong64',
}

/** What images must be made for to run here. */
export function hostPlatform(): Platform {
  const architecture = architectures[process.arch] ?? process.arch
  return normalizePlatform({
    os: process.platform === 'win32' ? 'windows' : process.platform,
    architecture,
  })
}

let knownBootId: string | undefined

/** Changes with every boot of the machine; empty where the kernel does not say. */
export function bootId(): string {
  knownBootId ??= (readSmallFile('/proc/sys/kernel/random/boot_id') ?? '').trim()
  return knownBootId
}

/** As `uname -r` prints it: `6.12.2-amd64`. */
export function kernelRelease(): string {
  return (readSmallFile('/proc/sys/kernel/osrelease') ?? '').trim()
}

/** Compares `kernelRelease` number by number: `kernelAtLeast(6, 12, 2)`. */
export function kernelAtLeast(major: number, minor = 0, patch = 0): boolean {
  const parts = kernelRelease()
    .split(/[^0-9]/, 3)
    .map(Number)
  for (const [index, wanted] of [major, minor, patch].entries()) {
    const actual = parts[index] || 0
    if (actual !== wanted) return actual > wanted
  }
  return true
}

/** Bytes of memory of the machine. */
export function totalMemory(): number {
  const kibibytes = /^MemTotal:\s+(\d+) kB/m.exec(readSmallFile('/proc/meminfo') ?? '')?.[1]
  return Number(kibibytes ?? 0) * 1024
}

/** Processors this program may use; at least 1. */
export function cpuCount(): number {
  return Math.max(1, navigator.hardwareConcurrency)
}

/**
 * Gives back the memory of what nobody uses any more, between two works that need
 * much each. Blocks, for about as long as it takes to look at everything in use.
 */
export function collectMemory(): void {
  if (typeof Bun !== 'undefined') Bun.gc(true)
}
