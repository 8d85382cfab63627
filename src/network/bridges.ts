import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isSystemError, removeTree } from '#platform'
import type { BridgeNetwork, BridgeNetworkOptions } from './bridge/bridge-network.ts'
import { bridgeOf, dummyOf, networkId, tableOf, type UserNetwork } from './user-network.ts'

export interface BridgesOptions {
  /** `$STRAKE_RUN`. */
  readonly run: string
  /** The interface of the default network. */
  readonly name: string
  /** The subnet of the default network; without it a free one is chosen. */
  readonly subnet?: string | undefined
  readonly proxiesPorts?: boolean | undefined
}

/** The networks of one store with their names in the kernel. `undefined` means the default network. */
export interface Bridges {
  /** The directory of all networks. */
  readonly directory: string
  /** The directory of the containers' network namespaces. */
  readonly namespaces: string
  optionsOf(network: UserNetwork | undefined): BridgeNetworkOptions
  of(network: UserNetwork | undefined): Promise<BridgeNetwork>
  /** For what needs no more than the network's files and names. */
  byId(id: string | undefined): Promise<BridgeNetwork>
  /** The IDs of the networks of users that have been used since the machine started. */
  ids(): readonly string[]
  /** Removes the interface, the rules and the files of a network of users. Throws `CONFLICT`. */
  remove(network: Pick<UserNetwork, 'id' | 'name' | 'interfaceName'>): Promise<void>
}

/** The interface of the default network of `/run/strake`, whose table has a name of its own. */
export const usualBridge = 'strake0'

/** Opens nothing and creates nothing before it is used. */
export function openBridges({ run, name, subnet, proxiesPorts }: BridgesOptions): Bridges {
  const directory = join(run, 'network')
  const namespaces = join(run, 'netns')
  const opened = new Map<string, BridgeNetwork>()

  // Loaded at the first use, because most of this folder is about bridges.
  async function open(key: string, options: BridgeNetworkOptions): Promise<BridgeNetwork> {
    const { openBridgeNetwork } = await import('./bridge/bridge-network.ts')
    const bridge = opened.get(key) ?? openBridgeNetwork(options)
    opened.set(key, bridge)
    return bridge
  }

  function ofUser(network: UserNetwork): BridgeNetworkOptions {
    const { id, ipv4, ipv6, mtu, isInternal, isIsolating } = network
    const { keepsAddresses, keepsIpv6Addresses } = network
    return {
      directory: join(directory, id),
      namespaces,
      name: bridgeOf(network),
      table: tableOf(id),
      label: network.name,
      ...{ ipv6, mtu, isInternal, isIsolating, keepsAddresses, keepsIpv6Addresses },
      ...{ subnet: ipv4?.subnet, gateway: ipv4?.gateway, lacksIpv4: ipv4 === undefined },
      ...(network.proxiesPorts !== undefined && { proxiesPorts: network.proxiesPorts }),
    }
  }

  function optionsOf(network: UserNetwork | undefined): BridgeNetworkOptions {
    if (network !== undefined) return { proxiesPorts, ...ofUser(network) }
    const table = name === usualBridge ? 'strake' : name
    return { directory, namespaces, name, table, subnet, proxiesPorts }
  }

  return {
    directory,
    namespaces,
    optionsOf,

    async of(network) {
      const { lan, parent, ipv4 } = network ?? {}
      if (network === undefined || lan === undefined) {
        return await open(network?.id ?? '', optionsOf(network))
      }
      const { openLanNetwork } = await import('./lan/lan-network.ts')
      return openLanNetwork({ ...ofUser(network), name: dummyOf(network), lan, parent, ipv4 })
    },

    async byId(id) {
      if (id === undefined) return await open('', optionsOf(undefined))
      return await open(`${id} `, {
        directory: join(directory, id),
        namespaces,
        name: bridgeOf({ id }),
        table: tableOf(id),
      })
    },

    ids() {
      try {
        return readdirSync(directory).filter((each) => networkId.test(each))
      } catch (error) {
        if (isSystemError(error, 'ENOENT')) return []
        throw error
      }
    },

    async remove(network) {
      const own = join(directory, network.id)
      if (!existsSync(own)) return
      const { findBridge } = await import('./bridge/bridge.ts')
      const options = {
        directory: own,
        namespaces,
        name: findBridge(own) ?? bridgeOf(network),
        table: tableOf(network.id),
        label: network.name,
      }
      const { openBridgeNetwork } = await import('./bridge/bridge-network.ts')
      await openBridgeNetwork(options).remove()
      await removeTree(own)
    },
  }
}
