import { indexHeadSize, readIndexHead } from '#erofs'
import { type Digest, StrakeError } from '#oci'
import {
  attachLoop,
  createMemoryFile,
  fs,
  type LoopDevice,
  makeDirectory,
  mountErofs,
  removeDirectory,
} from '#platform'
import { type ChainFolder, repair } from '../chain/chain-folder.ts'
import { archiveTag, sparseTag } from './device-tag.ts'
import { indexPath } from './indexes.ts'
import { type LayerFolder, statusOf } from './layer-folder.ts'
import type { ErofsWay } from './probe.ts'

/**
 * Mounts a chain at its shared mount point. The kernel would mount a truncated archive or index
 * without an error, so this checks the sizes first: a wrong size throws `INVALID` and nothing is
 * mounted.
 */
export function mountChain(
  chains: ChainFolder,
  layers: LayerFolder,
  { chainId, way }: { readonly chainId: Digest; readonly way: ErofsWay },
): void {
  const target = chains.users.sharedMountPoint(chainId)
  const source = indexPath(chains, chainId)
  const devices = checkedDevices(
    chainId,
    source,
    layers.layersOf(chainId).flatMap((layer) => [
      { tag: archiveTag(layer.diffId), path: layers.archive(layer.diffId), size: layer.size },
      { tag: sparseTag(layer.diffId), path: layers.sparse(layer.diffId), size: layer.sparseSize },
    ]),
  )
  makeDirectory(target, 0o700)
  try {
    mountFiles(target, { source, devices, way })
  } catch (error) {
    removeDirectory(target)
    throw error
  }
}

/** Mounts an index in the given way. `devices` are in the order in which the index names them. */
export function mountFiles(
  target: string,
  {
    source,
    devices,
    way,
  }: { readonly source: string; readonly devices: readonly string[]; readonly way: ErofsWay },
): void {
  const restrictions = { noSuid: true, noDev: true }
  if (way === 'file') {
    mountErofs(target, { source, devices, ...restrictions })
    return
  }
  if (way === 'memory') {
    using index = createMemoryFile(fs().readFileSync(source))
    mountErofs(target, { source: index.path, devices, ...restrictions })
    return
  }
  const loops: LoopDevice[] = []
  try {
    for (const path of [source, ...devices]) loops.push(attachLoop(path))
    const [index, ...rest] = loops.map(({ path }) => path)
    mountErofs(target, { source: index ?? source, devices: rest, ...restrictions })
  } finally {
    for (const loop of loops) loop[Symbol.dispose]()
  }
}

interface DeviceFile {
  readonly tag: string
  readonly path: string
  readonly size: number
}

/**
 * The files that an index names. Throws `INVALID` unless the index and the files have the right
 * sizes.
 */
function checkedDevices(
  chainId: Digest,
  index: string,
  files: readonly DeviceFile[],
): readonly string[] {
  const head = readHead(chainId, index)
  checkSize(chainId, index, head.size)
  return head.devices.map(({ tag, blocks }) => {
    const file = files.find((each) => each.tag === tag)
    if (file === undefined)
      return refuse(chainId, `its index names ${tag}, which is not one of its layers`)
    checkSize(chainId, file.path, file.size)
    if (Math.floor(file.size / 512) !== blocks) refuse(chainId, 'its index belongs to other layers')
    return file.path
  })
}

function readHead(chainId: Digest, index: string): ReturnType<typeof readIndexHead> {
  const bytes = Buffer.alloc(indexHeadSize)
  try {
    const file = fs().openSync(index, 'r')
    try {
      const size = fs().readSync(file, bytes, 0, indexHeadSize, 0)
      return readIndexHead(bytes.subarray(0, size))
    } finally {
      fs().closeSync(file)
    }
  } catch (error) {
    return refuse(chainId, 'its index cannot be read', error)
  }
}

function checkSize(chainId: Digest, path: string, expected: number): void {
  const actual = statusOf(path)?.size
  if (actual === expected) return
  const found = actual === undefined ? 'is missing' : `has ${actual} bytes instead of ${expected}`
  refuse(chainId, `${path} ${found}`)
}

function refuse(chainId: Digest, reason: string, cause?: unknown): never {
  throw new StrakeError('INVALID', `Cannot mount snapshot ${chainId}: ${reason}`, {
    remedy: repair,
    cause,
  })
}
