import { existsSync, readFileSync } from 'node:fs'
import {
  isSystemError,
  listForwardChains,
  listRules,
  type NetlinkSocket,
  type NftChain,
  type NftFamily,
  runLegacyIptables,
  runNft,
} from '#platform'

/**
 * Accepts the bridge's packets in the forward chains of other programs (Docker, ufw) whose policy
 * is drop. An accept in our own table is not enough, because every chain on the hook must accept.
 * Our table still decides which packets reach a container. Adds no rule twice. The rules match only
 * interfaces, because iptables refuses to list a chain with native conntrack expressions.
 */
export function acceptForwarding(
  socket: NetlinkSocket,
  bridge: string,
  families: readonly NftFamily[] = ['ip'],
): void {
  const closed = listClosedChains(socket, bridge, families)
  if (closed.length > 0) {
    runNft(closed.flatMap((chain) => formatInsertions(chain, bridge)).join('\n'))
  }
  if (!usesLegacyTables()) return
  if (!runLegacyIptables(['-S', 'FORWARD'])?.includes('-P FORWARD DROP')) return
  for (const direction of ['-i', '-o']) {
    const rule = ['FORWARD', direction, bridge, '-j', 'ACCEPT']
    if (runLegacyIptables(['-C', ...rule]) === undefined) runLegacyIptables(['-I', ...rule])
  }
}

/** True when a chain drops packets of the bridge, so that `acceptForwarding` is needed. */
export function isForwardingClosed(
  socket: NetlinkSocket,
  bridge: string,
  families: readonly NftFamily[] = ['ip'],
): boolean {
  return listClosedChains(socket, bridge, families).length > 0
}

/** Removes the rules of `acceptForwarding`, whatever the policies are now. */
export function revokeForwarding(socket: NetlinkSocket, bridge: string): void {
  for (const chain of listForwardChains(socket)) {
    if (!chain.hooked && chain.name !== dockerUser) continue
    if (countMentions(listRules(socket, chain.table, { chain }), bridge) === 0) continue
    const where = `${chain.family} ${chain.table} ${chain.name}`
    const listing = runNft(`list chain ${where}`, ['-a'])
    const rule = new RegExp(`^\\s*[io]ifname "${bridge}" .*accept # handle (\\d+)$`, 'gm')
    const handles = [...listing.matchAll(rule)].map((match) => match[1])
    if (handles.length === 0) continue
    runNft(handles.map((handle) => `delete rule ${where} handle ${handle}`).join('\n'))
  }
  if (!usesLegacyTables()) return
  for (const direction of ['-i', '-o']) {
    runLegacyIptables(['-D', 'FORWARD', direction, bridge, '-j', 'ACCEPT'])
  }
}

const dockerUser = 'DOCKER-USER'

/**
 * Returns the chains without our rules. Where Docker's chain for users exists, it replaces Docker's
 * other chains.
 */
function listClosedChains(
  socket: NetlinkSocket,
  bridge: string,
  families: readonly NftFamily[],
): readonly NftChain[] {
  const chains = listForwardChains(socket).filter(
    ({ family }) => family === 'inet' || families.includes(family),
  )
  return chains
    .filter((chain) => chain.drops)
    .map((chain) => {
      const isUser = (other: NftChain) =>
        other.name === dockerUser && other.table === chain.table && other.family === chain.family
      return chains.find(isUser) ?? chain
    })
    .filter((chain) => countMentions(listRules(socket, chain.table, { chain }), bridge) < 2)
}

/**
 * Counts the rules that match the interface. A rule contains its name as 16 bytes, padded with
 * NULs.
 */
function countMentions(rules: readonly Uint8Array[], bridge: string): number {
  const name = Buffer.alloc(16)
  name.write(bridge)
  return rules.filter((rule) => Buffer.from(rule).includes(name)).length
}

function formatInsertions(chain: NftChain, bridge: string): readonly string[] {
  const where = `${chain.family} ${chain.table} ${chain.name}`
  return ['iifname', 'oifname'].map((match) => `insert rule ${where} ${match} "${bridge}" accept`)
}

/** Whether the kernel has a filter table of the legacy iptables, which nft does not list. */
function usesLegacyTables(): boolean {
  const names = '/proc/net/ip_tables_names'
  try {
    return existsSync(names) && readFileSync(names, 'utf8').split('\n').includes('filter')
  } catch (error) {
    if (isSystemError(error)) return false
    throw error
  }
}
