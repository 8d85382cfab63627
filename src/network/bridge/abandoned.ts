import { existsSync } from 'node:fs'
import { basename, isAbsolute } from 'node:path'
import { listRules, type NetlinkSocket, runNft } from '#platform'
import { networkId, tableOf } from '../user-network.ts'
import { revokeForwarding } from './forward.ts'
import { deleteLink, listLinks } from './link.ts'

/**
 * Removes the bridges of deleted stores: bridges without a port whose alias, the
 * directory of their network, does not exist. Without this, a store that was deleted
 * with `rm -rf` would keep its subnet for ever. Other processes do the same, so the
 * caller must hold `lockNetwork`.
 */
export function removeAbandoned(kernel: {
  readonly route: NetlinkSocket
  readonly netfilter: NetlinkSocket
}): void {
  const links = listLinks(kernel.route)
  const used = new Set(links.map(({ master }) => master))
  for (const { index, name, alias = '' } of links) {
    const id = basename(alias)
    const isOurs = name.startsWith('strake') || networkId.test(id)
    if (!isOurs || !isAbsolute(alias) || existsSync(alias) || used.has(index)) continue
    revokeForwarding(kernel.netfilter, name)
    deleteLink(kernel.route, name)
    const table = networkId.test(id) ? tableOf(id) : name
    removeTables(kernel.netfilter, table)
  }
}

/** Removes the tables of a network in both families, if they exist. */
export function removeTables(netfilter: NetlinkSocket, table: string): void {
  for (const family of ['ip', 'ip6'] as const) {
    if (listRules(netfilter, table, { family }).length > 0)
      runNft(`delete table ${family} ${table}`)
  }
}
