import {
  bootId,
  canMount,
  fileStatus,
  filesystemOf,
  filesystemType,
  inUserNamespace,
  kernelAtLeast,
  kernelRelease,
  pathExists,
  readSmallFile,
  temporaryName,
} from '#platform'
import { ChainFolder } from '../chain/chain-folder.ts'

/**
 * How an index is mounted: `file` mounts the file itself; `memory` mounts a copy in memory, where
 * files of the store's filesystem (tmpfs, overlay) cannot be mounted; `loop` mounts loop devices
 * over the index and the layers. The layers stay plain files in the first two. Through loop
 * devices, the first read of each file takes about 60 us more.
 */
export type ErofsWay = 'file' | 'memory' | 'loop'

export interface ErofsProbe {
  /** Absent when no way works here. */
  readonly way?: ErofsWay
  /** A clause: why this way was chosen, or why there is none. */
  readonly reason: string
}

/** An earlier answer is valid while these are the same. */
interface Circumstances {
  readonly kernel: string
  readonly boot: string
  readonly device: string
}

/** Mounts a small index; throws when that does not work. */
export type TryMount = (chains: ChainFolder, way: ErofsWay) => void

/**
 * The earlier answer, if one was stored since boot; `undefined` otherwise. Reads one small file.
 */
export function knownProbe(root: string, run: string): ErofsProbe | undefined {
  const impossible = reasonAgainst()
  if (impossible !== undefined) return { reason: impossible }
  if (!pathExists(root)) return undefined
  return readKnown(`${run}/erofs.json`, circumstances(root))
}

/**
 * Finds out how indexes can be mounted for the store at `root`, and stores the answer below `run`,
 * which a reboot clears. Checks the version of the kernel before it tries: Linux 6.12.0 and 6.12.1
 * panic when a file is mounted.
 */
export async function probeErofs(
  root: string,
  run: string,
  tryMount: TryMount,
): Promise<ErofsProbe> {
  const known = knownProbe(root, run)
  if (known !== undefined) return known
  const chains = new ChainFolder(root, run, 'layers')
  await chains.makeReady()
  // Beside a read-only store only copies in memory and loop devices can be tried. The answer
  // does not hold once the store can be written.
  if (filesystemOf(root).isReadOnly) return tryWays(chains, tryMount, ['memory', 'loop'])
  const found = tryWays(chains, tryMount)
  writeKnown(`${run}/erofs.json`, { ...circumstances(root), ...found })
  return found
}

function circumstances(root: string): Circumstances {
  return { kernel: kernelRelease(), boot: bootId(), device: fileStatus(root).device }
}

/** Tries only one way; the answer is not stored. */
export async function probeWay(
  root: string,
  run: string,
  { way, tryMount }: { readonly way: ErofsWay; readonly tryMount: TryMount },
): Promise<ErofsProbe> {
  const impossible = reasonAgainst()
  if (impossible !== undefined) return { reason: impossible }
  const chains = new ChainFolder(root, run, 'layers')
  await chains.makeReady()
  const reason = reasonAgainstWay(chains, way, tryMount)
  return reason === undefined ? { way, reason: reasonFor[way] } : { reason }
}

const reasonFor: Readonly<Record<ErofsWay, string>> = {
  file: 'layers are mounted as they are',
  memory: 'layers are mounted as they are, with a copy of their index in memory',
  loop: 'layers are mounted through loop devices',
}

/** Tries one way. Returns why it does not work here, or `undefined` when it works. */
function reasonAgainstWay(
  chains: ChainFolder,
  way: ErofsWay,
  tryMount: TryMount,
): string | undefined {
  if (way === 'loop') {
    if (!pathExists('/dev/loop-control')) return 'there are no loop devices'
  } else if (!kernelAtLeast(6, 12, 2)) return `Linux ${kernelRelease()} cannot mount files`
  const type = way === 'file' ? filesystemType(chains.root) : ''
  if (type === 'tmpfs' || type === 'overlay') return `files on ${type} cannot be mounted`
  try {
    tryMount(chains, way)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function tryWays(
  chains: ChainFolder,
  tryMount: TryMount,
  ways: readonly ErofsWay[] = ['file', 'memory', 'loop'],
): ErofsProbe {
  const reasons = new Set<string>()
  for (const way of ways) {
    const reason = reasonAgainstWay(chains, way, tryMount)
    const before = [...reasons].join(' and ')
    if (reason === undefined) {
      return { way, reason: `${reasonFor[way]}${before === '' ? '' : `, for ${before}`}` }
    }
    reasons.add(reason)
  }
  return { reason: [...reasons].join(' and ') }
}

/** Returns a reason that is known without trying. */
function reasonAgainst(): string | undefined {
  if (!canMount()) return 'mounting EROFS needs root'
  if (inUserNamespace()) return 'EROFS cannot be mounted in a user namespace'
  if (!kernelAtLeast(6, 4)) return `Linux ${kernelRelease()} is older than 6.4`
  return undefined
}

function readKnown(path: string, now: Circumstances): ErofsProbe | undefined {
  try {
    const known: unknown = JSON.parse(readSmallFile(path) ?? '')
    return isKnown(known, now) ? known : undefined
  } catch {
    return undefined
  }
}

function isKnown(value: unknown, now: Circumstances): value is ErofsProbe {
  if (typeof value !== 'object' || value === null) return false
  const known: Readonly<Record<string, unknown>> = { ...value }
  const { way, reason } = known
  return (
    known['kernel'] === now.kernel &&
    known['boot'] === now.boot &&
    known['device'] === now.device &&
    (way === undefined || way === 'file' || way === 'memory' || way === 'loop') &&
    typeof reason === 'string'
  )
}

function writeKnown(path: string, known: Circumstances & ErofsProbe): void {
  const { renameSync, writeFileSync } = process.getBuiltinModule('node:fs')
  const temporary = `${path}.${temporaryName()}`
  writeFileSync(temporary, JSON.stringify(known), { mode: 0o600 })
  renameSync(temporary, path)
}
