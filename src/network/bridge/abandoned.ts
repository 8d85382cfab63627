import { existsSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { listRules, type NetlinkSocket, runNft } from '#platform'
import { revokeForwarding } from './forward.ts'
import { deleteLink, listLinks } from './link.ts'

interface Kernel {
  readonly route: NetlinkSocket
  readonly netfilter: NetlinkSocket
}

/**
 * Takes away the bridges of stores that are gone: those whose alias, the
 * directory of their network, does not exist, and that have no port. A store
 * whose directory was simply deleted would else keep its subnet for ever.
 */
export function removeAbandoned(kernel: Kernel): void {
  const links = listLinks(kernel.route)
  const used = new Set(links.map(({ master }) => master))
  for (const { index, name, alias = '' } of links) {
    if (!name.startsWith('strake') || !isAbsolute(alias) || existsSync(alias)) continue
    if (used.has(index)) continue
    try {
      revokeForwarding(kernel.netfilter, name)
      deleteLink(kernel.route, name)
      if (listRules(kernel.netfilter, name).length > 0) runNft(`delete table ip ${name}`)
    } catch (error) {
      // Other stores tidy up as well, and no lock is theirs and ours.
      if (isThere(kernel, name)) throw error
    }
  }
}

function isThere({ route, netfilter }: Kernel, name: string): boolean {
  const isLinked = listLinks(route).some((link) => link.name === name)
  return isLinked || listRules(netfilter, name).length > 0
}
