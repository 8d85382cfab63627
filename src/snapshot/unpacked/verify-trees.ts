import type { Digest } from '#oci'
import { pathExists } from '#platform'
import type { ChainFolder } from '../chain/chain-folder.ts'
import { KnownLists } from '../chain/lineage.ts'
import { setAside } from '../chain/remove-chains.ts'
import type { SnapshotFinding, VerifyOptions } from '../chain/snapshotter.ts'

/**
 * Finds unpacked trees that have no valid list of parents, or whose parent is missing. To heal,
 * writes the list again from another list that makes the chain. A tree that cannot be healed is set
 * aside, and the next user unpacks it again.
 */
export async function* verifyTrees(
  chains: ChainFolder,
  { archiveOf, known = [], signal }: VerifyOptions,
): AsyncGenerator<SnapshotFinding> {
  const heals = archiveOf !== undefined
  const chainIds = chains.all().filter((chainId) => chains.has(chainId))
  const lists = new KnownLists(known)
  for (const chainId of chainIds) lists.add(chains.findDiffIds(chainId) ?? [])
  const depth = (chainId: Digest): number => lists.of(chainId)?.length ?? 0
  // Lowest first: setting a tree aside makes the trees above it invalid, and those are checked
  // after it.
  for (const chainId of chainIds.sort((a, b) => depth(a) - depth(b))) {
    signal?.throwIfAborted()
    if (!chains.has(chainId)) continue
    const problem = problemOf(chains, chainId)
    if (problem === undefined) continue
    const finding = { subject: `snapshot ${chainId}`, problem }
    const list = chains.findDiffIds(chainId) === undefined ? lists.of(chainId) : undefined
    if (!heals) yield { ...finding, state: 'damaged' }
    else if (list !== undefined) {
      await chains.replaceDiffIds(chainId, list)
      yield { ...finding, state: 'healed', action: 'made again from the layers its ID proves' }
    } else {
      await setAside(chains, chainId)
      yield { ...finding, state: 'lost', action: 'set aside: its image has to be unpacked again' }
    }
  }
}

function problemOf(chains: ChainFolder, chainId: Digest): string | undefined {
  if (chains.findDiffIds(chainId) === undefined) {
    const isThere = pathExists(chains.listPath(chainId))
    return `its file parents ${isThere ? 'does not list the layers that make it' : 'is missing'}`
  }
  const missing = chains.lineage(chainId).find((each) => !chains.has(each))
  return missing && `its parent snapshot ${missing} is missing`
}
