import { type Digest, StrakeError } from '#oci'
import {
  isMountPoint,
  openFile,
  openFlag,
  removeDirectory,
  removeTree,
  syncDirectory,
  unmount,
} from '#platform'
import type { ChainFolder } from './chain-folder.ts'

/**
 * Removes chains in the order given, up to the first one in use, for which it throws `CONFLICT`.
 * `alsoRemove` returns folders of files that are now unneeded; they are moved to the trash under
 * the same lock and freed soon.
 */
export async function removeChains(
  chains: ChainFolder,
  chainIds: readonly Digest[],
  alsoRemove: () => readonly string[] = () => [],
): Promise<void> {
  const moved = await chains.exclusively(() => takeOut(chains, chainIds, alsoRemove))
  if (moved.chains.length > 0) await syncDirectory(`${chains.root}/chains`)
  for (const trash of moved.chains) await removeTree(trash)
  if (moved.files.length > 0 || moved.mounts.length > 0) {
    const { freeLater } = await import('./free-later.ts')
    await freeLater(moved.files, moved.mounts)
  }
  if (moved.conflict !== undefined) throw moved.conflict
}

/**
 * Takes a damaged chain out of use, so that the next process that needs it creates it again.
 * Returns the mounts that still show it.
 */
export function setAside(chains: ChainFolder, chainId: Digest): Promise<readonly string[]> {
  return chains.exclusively(() => {
    const users = chains.users.release(chainId)
    chains.discard(chains.folder(chainId))
    return users
  })
}

interface TakenOut {
  /** The new paths of the chains' folders. */
  readonly chains: readonly string[]
  readonly files: readonly string[]
  /**
   * Descriptors of mounts: closing the last one blocks until the kernel has freed its cached files.
   */
  readonly mounts: readonly number[]
  readonly conflict: StrakeError | undefined
}

function takeOut(
  chains: ChainFolder,
  chainIds: readonly Digest[],
  alsoRemove: () => readonly string[],
): TakenOut {
  const taken: string[] = []
  const mounts: number[] = []
  const children = childrenByParent(chains)
  const finish = (conflict?: StrakeError): TakenOut => ({
    chains: taken,
    files: taken.length === 0 ? [] : alsoRemove().map((path) => chains.discard(path)),
    mounts,
    conflict,
  })
  for (const chainId of chainIds) {
    if (!chains.has(chainId)) continue
    const reason = reasonToKeep(chains, chainId, children)
    if (reason !== undefined) {
      return finish(new StrakeError('CONFLICT', `Cannot remove snapshot ${chainId}: ${reason}`))
    }
    const mount = chains.users.sharedMountPoint(chainId)
    if (isMountPoint(mount)) mounts.push(openFile(mount, openFlag.path | openFlag.directory))
    unmount(mount, { detach: true })
    removeDirectory(mount)
    taken.push(chains.discard(chains.folder(chainId)))
    for (const siblings of children.values()) siblings.delete(chainId)
  }
  return finish()
}

function childrenByParent(chains: ChainFolder): ReadonlyMap<Digest, Set<Digest>> {
  const children = new Map<Digest, Set<Digest>>()
  for (const chainId of chains.all()) {
    const parent = chains.parentOf(chainId)
    if (parent === null) continue
    const siblings = children.get(parent) ?? new Set()
    children.set(parent, siblings.add(chainId))
  }
  return children
}

function reasonToKeep(
  chains: ChainFolder,
  chainId: Digest,
  children: ReadonlyMap<Digest, ReadonlySet<Digest>>,
): string | undefined {
  const [child] = children.get(chainId) ?? []
  if (child !== undefined) return `snapshot ${child} is its child`
  const [user] = chains.users.of(chainId)
  return user === undefined ? undefined : `${user} uses it`
}
