import {
  bootId,
  canMount,
  fileStatus,
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
 * How an index is mounted: as a file; as a copy of the file in memory, where
 * the filesystem of the store (tmpfs, overlay) is none to mount files from; or
 * by loop devices over it and the layers. The layers stay files in the first
 * two. Through loop devices, the first read of each file takes some 60 us more.
 */
export type ErofsWay = 'file' | 'memory' | 'loop'

export interface ErofsProbe {
  /** Absent when neither way works here. */
  readonly way?: ErofsWay
  /** A clause: why this way, or why none. */
  readonly reason: string
}

/** What must be the same for an earlier answer to hold. */
interface Circumstances {
  readonly kernel: string
  readonly boot: string
  readonly device: string
}

/** Mounts a small index to see whether it works. */
export type TryMount = (chains: ChainFolder, way: ErofsWay) => void

/**
 * What was found out earlier on this machine since it started; `undefined` when
 * nobody has tried yet. Costs one small file.
 */
export function knownProbe(root: string, run: string): ErofsProbe | undefined {
  const impossible = reasonAgainst()
  if (impossible !== undefined) return { reason: impossible }
  if (!pathExists(root)) return undefined
  return readKnown(`${run}/erofs.json`, circumstances(root))
}

/**
 * Finds out how indexes can be mounted for the store at `root`; the answer is
 * kept below `run`, which a reboot clears. The kernel's version is looked at
 * before anything is tried: 6.12.0 and 6.12.1 panic on a file-backed mount.
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
  const found = tryWays(chains, tryMount)
  writeKnown(`${run}/erofs.json`, { ...circumstances(root), ...found })
  return found
}

function circumstances(root: string): Circumstances {
  return { kernel: kernelRelease(), boot: bootId(), device: fileStatus(root).device }
}

/** Tries one way alone; the answer is not kept. */
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

/** Tries one way, and says why it does not work here; `undefined` when it does. */
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

function tryWays(chains: ChainFolder, tryMount: TryMount): ErofsProbe {
  const reasons = new Set<string>()
  for (const way of ['file', 'memory', 'loop'] as const) {
    const reason = reasonAgainstWay(chains, way, tryMount)
    const before = [...reasons].join(' and ')
    if (reason === undefined) {
      return { way, reason: `${reasonFor[way]}${before === '' ? '' : `, for ${before}`}` }
    }
    reasons.add(reason)
  }
  return { reason: [...reasons].join(' and ') }
}

/** What can be said without trying. */
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
