import { copyFileSync, mkdirSync, renameSync } from 'node:fs'
import { kernelRelease, readPlainBytes, sha256Hex } from '#platform'
import { defaultSeccomp } from './bundle/seccomp/seccomp.ts'
import type { RuntimeConfig } from './bundle/spec.ts'
import type { Runtime } from './runtime.ts'

/**
 * Compiling the seccomp profile takes half of a start (15 ms). crun stores the compiled filter in
 * its state directory, and reads one from this annotation. runc does neither, and would run
 * *unfiltered* with only the annotation.
 */
const annotation = 'run.oci.seccomp_bpf_data'

export interface FilterCacheOptions {
  readonly runtime: Pick<Runtime, 'name' | 'version' | 'root'>
  /** Directory of compiled filters, which only this program may use. */
  readonly directory: string
}

/**
 * Returns the configuration with the built-in profile replaced by its compiled form, if there is
 * one for this runtime.
 */
export function useCompiledFilter(
  config: RuntimeConfig,
  options: FilterCacheOptions,
): RuntimeConfig {
  const { seccomp, ...linux } = config.linux
  if (options.runtime.name !== 'crun' || seccomp === undefined || !isBuiltIn(config)) return config
  const filter = readPlainBytes(cachePath(seccomp, options))
  if (filter === undefined || filter.length === 0 || filter.length % instructionSize !== 0)
    return config
  const program = Buffer.from(extendFilter(filter)).toString('base64')
  return { ...config, linux, annotations: { ...config.annotations, [annotation]: program } }
}

/**
 * Stores the filter that crun has compiled for container `id`, which was just started with
 * `config`.
 */
export function keepCompiledFilter(
  id: string,
  config: RuntimeConfig,
  options: FilterCacheOptions,
): void {
  const { seccomp } = config.linux
  if (options.runtime.name !== 'crun' || seccomp === undefined || !isBuiltIn(config)) return
  const path = cachePath(seccomp, options)
  try {
    mkdirSync(options.directory, { recursive: true, mode: 0o700 })
    copyFileSync(`${options.runtime.root}/${id}/seccomp.bpf`, `${path}.${process.pid}`)
    renameSync(`${path}.${process.pid}`, path)
  } catch {
    // The container has ended too early, or the runtime stores no filter: the next start compiles
    // it.
  }
}

/**
 * A profile of the user is compiled at every start: its flags are not part of a compiled filter,
 * and `extendFilter` would allow calls that the user did not allow.
 */
function isBuiltIn({ linux, process }: RuntimeConfig): boolean {
  const builtIn = defaultSeccomp(process.capabilities.bounding)
  return JSON.stringify(linux.seccomp) === JSON.stringify(builtIn)
}

function cachePath(seccomp: object, { runtime, directory }: FilterCacheOptions): string {
  const made = JSON.stringify([seccomp, runtime.version, kernelRelease(), process.arch])
  return `${directory}/${sha256Hex(made)}.bpf`
}

const instructionSize = 8

/** `AUDIT_ARCH_*` of the machines whose newest system calls share their numbers. */
const machines: Readonly<Partial<Record<string, number>>> = { x64: 0xc000003e, arm64: 0xc00000b7 }

const load = 0x20
const jumpEqual = 0x15
const jumpAtLeast = 0x35
const answer = 0x06
const allowed = 0x7fff0000
const notImplemented = 0x00050026

/**
 * Adds a prologue before a compiled filter. System calls newer than the list return ENOSYS, so that
 * programs fall back to an older one. Calls in the list that the compiling library may not know
 * (451-458, 462-466) are allowed. Jumps in a filter are relative, so the compiled part stays
 * unchanged.
 */
export function extendFilter(filter: Uint8Array, architecture: string = process.arch): Uint8Array {
  const machine = machines[architecture]
  if (machine === undefined) return filter
  const prologue: readonly (readonly [code: number, yes: number, no: number, value: number])[] = [
    [load, 0, 0, 4],
    [jumpEqual, 0, 8, machine],
    [load, 0, 0, 0],
    [jumpAtLeast, 6, 0, 0x40000000],
    [jumpAtLeast, 4, 0, 467],
    [jumpAtLeast, 2, 0, 462],
    [jumpAtLeast, 3, 0, 459],
    [jumpAtLeast, 0, 2, 451],
    [answer, 0, 0, allowed],
    [answer, 0, 0, notImplemented],
  ]
  const extended = new Uint8Array(prologue.length * instructionSize + filter.length)
  const view = new DataView(extended.buffer)
  for (const [index, [code, yes, no, value]] of prologue.entries()) {
    const offset = index * instructionSize
    view.setUint16(offset, code, true)
    view.setUint8(offset + 2, yes)
    view.setUint8(offset + 3, no)
    view.setUint32(offset + 4, value, true)
  }
  extended.set(filter, prologue.length * instructionSize)
  return extended
}
