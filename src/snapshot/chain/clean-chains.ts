import { pathExists, removeTree } from '#platform'
import type { ChainFolder } from './chain-folder.ts'
import { isAbandoned } from './owner-name.ts'

/**
 * Removes what ended processes have left, and shared mounts without a user. `unneeded` is called
 * under the lock and returns further paths to remove. Returns the number of removals.
 */
export async function cleanChains(
  chains: ChainFolder,
  unneeded: () => readonly string[] = () => [],
): Promise<number> {
  let count = chains.users.unmountAbandoned()
  for (const name of chains.entries('staging').filter(isAbandoned)) {
    await removeTree(chains.staging(name))
    count += 1
  }
  count += chains.users.forgetStale()
  if (pathExists(`${chains.root}/chains`)) {
    using _lock = await chains.lock()
    count += chains.users.releaseUnused()
    for (const path of unneeded()) chains.discard(path)
  }
  for (const name of chains.entries('trash')) {
    await removeTree(`${chains.root}/trash/${name}`)
    count += 1
  }
  return count
}
