import { join } from 'node:path'
import { StrakeError } from '#oci'
import { isSystemError, netlinkProtocol, openNetlink, removeNetworkNamespace } from '#platform'
import {
  type BridgeAttachment,
  type BridgeAttachOptions,
  type BridgeNetwork,
  type BridgeNetworkOptions,
  openBridgeNetwork,
} from '../bridge/bridge-network.ts'
import { createDummy, getLink, type Link, setAlias, setLinkUp } from '../bridge/link.ts'
import { openAttachmentRecords } from '../bridge/state.ts'
import type { AddressBlock } from '../user-network.ts'
import { joinLan } from './join-lan.ts'
import type { LanKind } from './lan-link.ts'

export interface LanNetworkOptions extends BridgeNetworkOptions {
  readonly lan: LanKind
  /** An interface of the host. Without one, a dummy of the network's own name is made. */
  readonly parent?: string | undefined
  readonly ipv4?: AddressBlock | undefined
}

/**
 * A network of the drivers `macvlan` and `ipvlan`: its containers have interfaces on the network of
 * an interface of the host. There are no rules, and no address of this machine.
 */
export function openLanNetwork(options: LanNetworkOptions): BridgeNetwork {
  const records = openAttachmentRecords(join(options.directory, 'attachments'))
  const label = options.label ?? options.name

  async function attach(request: BridgeAttachOptions): Promise<BridgeAttachment> {
    const { containerId, name, aliases = [], links = [], allocate, ports, isMore } = request
    if (ports.length > 0) throw withoutPorts(label)
    const parent = findParent(options)
    const { ipv4, ipv6 } = options
    const addresses = await allocate({ network: label, ipv4, ipv6 })
    const path = join(options.namespaces, containerId)
    const isInternal = options.isInternal === true
    const record = { containerId, name, network: label, isInternal, aliases, links, ...addresses }
    records.put({ ...record, veth: '', ports: [] })
    try {
      const place = joinLan(path, parent, {
        ...{ lan: options.lan, mtu: options.mtu, mac: request.mac, isMore, isInternal },
        endpoint: request.endpoint,
        ...{ ipv4, ipv6, ...addresses },
        isDefault: request.isDefault,
        isIpv6Default: request.isIpv6Default,
      })
      records.put({ ...record, veth: '', device: place.device, ports: [] })
      return { netnsPath: path, ...place, ports: [] }
    } catch (error) {
      if (!isMore) removeNetworkNamespace(path)
      records.remove(containerId)
      if (isSystemError(error, 'EOPNOTSUPP')) throw withoutKind(options.lan.driver)
      throw isSystemError(error, 'EBUSY') ? takenParent(options) : error
    }
  }

  return {
    ...openBridgeNetwork(options),
    attach,
    changePorts: async () => {
      throw withoutPorts(label)
    },
  }
}

function withoutKind(driver: string): StrakeError {
  return new StrakeError(
    'UNSUPPORTED',
    `Cannot make a network of the driver ${driver}: this kernel has no such interfaces`,
    { remedy: `load its module: modprobe ${driver}` },
  )
}

/** The words about the device are the kernel's, as in Docker. */
function takenParent({ lan, parent, name }: LanNetworkOptions): StrakeError {
  return new StrakeError(
    'CONFLICT',
    `Cannot make an interface of ${lan.driver} on ${parent ?? name}: device or resource busy: it has interfaces of another kind, or belongs to a bridge`,
    { remedy: 'use another interface, such as a VLAN of it, or one driver for all its networks' },
  )
}

function withoutPorts(network: string): StrakeError {
  return new StrakeError(
    'INVALID',
    `Cannot publish ports on network ${network}: its containers are on the network of the host's interface themselves`,
    { remedy: 'leave out --publish, and connect to the address of the container' },
  )
}

function findParent({ parent, name, directory }: LanNetworkOptions): Link {
  using route = openNetlink(netlinkProtocol.route)
  const wanted = parent ?? name
  try {
    return getLink(route, wanted)
  } catch (error) {
    if (!isSystemError(error, 'ENODEV')) throw error
  }
  if (parent !== undefined) {
    throw new StrakeError(
      'NOT_FOUND',
      `Cannot join the network of ${parent}: this host has no such interface`,
      {
        remedy: 'create it first, such as a VLAN: ip link add link eth0 name eth0.5 type vlan id 5',
      },
    )
  }
  try {
    createDummy(route, wanted)
  } catch (error) {
    throw isSystemError(error, 'EOPNOTSUPP') ? withoutKind('dummy') : error
  }
  setAlias(route, wanted, directory)
  setLinkUp(route, wanted)
  return getLink(route, wanted)
}
