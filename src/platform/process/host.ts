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

/** The platform of images that run on this machine. */
export function hostPlatform(): Platform {
  const architecture = architectures[process.arch] ?? process.arch
  return normalizePlatform({
    os: process.platform === 'win32' ? 'windows' : process.platform,
    architecture,
  })
}

let knownBootId: string | undefined

/** Changes with every boot of the machine. Empty if the kernel has no boot ID. */
export function bootId(): string {
  knownBootId ??= (readSmallFile('/proc/sys/kernel/random/boot_id') ?? '').trim()
  return knownBootId
}

/** The output of `uname -r`: `6.12.2-amd64`. */
export function kernelRelease(): string {
  return (readSmallFile('/proc/sys/kernel/osrelease') ?? '').trim()
}

/** The name of this machine. */
export function hostName(): string {
  return (readSmallFile('/proc/sys/kernel/hostname') ?? '').trim()
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

/** The number of processors that this program may use; at least 1. */
export function cpuCount(): number {
  return Math.max(1, navigator.hardwareConcurrency)
}

/** Gives memory that this process does not use back to the machine, for a process that waits from now on. */
export function releaseMemory(): void {
  if (typeof Bun !== 'undefined') Bun.shrink()
}

/**
 * Collects garbage. Called between two tasks that need much memory each. Blocks for as long as a
 * walk over all live objects takes.
 */
export function collectMemory(): void {
  if (typeof Bun !== 'undefined') Bun.gc(true)
}
