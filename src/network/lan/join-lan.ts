import { closeSync, openSync } from 'node:fs'
import { ipBytes, macOf, netlinkProtocol, openNetlink, parseSubnet, parseSubnet6 } from '#platform'
import { configureContainer } from '../bridge/address.ts'
import type { Addresses, Place } from '../bridge/bridge-network.ts'
import {
  freeDevice,
  makeNamespace,
  openNamespace,
  prepareDevice,
  removeInterface,
} from '../bridge/connect.ts'
import { createLan, getLink, type Link } from '../bridge/link.ts'
import { type EndpointOptions, linkLocalAddresses } from '../endpoint.ts'
import type { AddressBlock } from '../user-network.ts'
import { type LanKind, lanInfo } from './lan-link.ts'

export interface JoinLanOptions extends Addresses {
  readonly lan: LanKind
  readonly mtu?: number | undefined
  /** Default: derived from the address. An ipvlan interface has that of its parent. */
  readonly mac?: string | undefined
  readonly endpoint?: EndpointOptions | undefined
  /** The namespace exists, and gets one more interface. */
  readonly isMore?: boolean | undefined
  readonly isInternal: boolean
  readonly isDefault: boolean
  readonly isIpv6Default?: boolean | undefined
  readonly ipv4?: AddressBlock | undefined
  readonly ipv6?: AddressBlock | undefined
}

/** Gives a container an interface on the network of `parent`, and its addresses. */
export function joinLan(path: string, parent: Link, options: JoinLanOptions): Place {
  const { ip, ip6, ipv4, ipv6, lan, isMore, isInternal } = options
  using host = openNetlink(netlinkProtocol.route)
  using inside = isMore ? openNamespace(path) : makeNamespace(path)
  const device = options.endpoint?.device ?? (isMore ? freeDevice(inside) : 'eth0')
  const own =
    lan.driver === 'macvlan' ? (options.mac ?? macOf(ipBytes(ip ?? ip6 ?? ''))) : undefined
  const namespace = openSync(path, 'r')
  try {
    const link = { parent: parent.index, device, namespace, mac: own, mtu: options.mtu }
    createLan(host, { ...link, info: lanInfo(lan) })
  } finally {
    closeSync(namespace)
  }
  try {
    prepareDevice(path, device, { hasIpv6: ip6 !== undefined, endpoint: options.endpoint })
    const prefix = parseSubnet(ipv4?.subnet ?? '')?.prefix
    const six = ip6 === undefined || ipv6 === undefined ? undefined : placeOf6(ip6, ipv6)
    // In layer 3 the kernel asks nobody for addresses, so no gateway answers.
    const hasGateway = !isInternal && !(lan.driver === 'ipvlan' && lan.mode !== 'l2')
    const gateways = [
      options.isDefault ? ipv4?.gateway : undefined,
      options.isIpv6Default ? ipv6?.gateway : undefined,
    ].flatMap((gateway) => (hasGateway && gateway !== undefined ? [gateway] : []))
    configureContainer(inside, {
      device,
      addresses: [
        ...(ip === undefined || prefix === undefined ? [] : [{ ip, prefix }]),
        ...(six === undefined ? [] : [{ ip: six.ip, prefix: six.prefix }]),
        ...linkLocalAddresses(options.endpoint),
      ],
      gateways,
      isDirect: !isInternal && !hasGateway && options.isDefault,
    })
    const mac = getLink(inside, device).mac ?? ''
    return { ip, prefix, gateway: ipv4?.gateway, ipv6: six, mac, device }
  } catch (error) {
    removeInterface(path, { veth: '', device })
    throw error
  }
}

function placeOf6(ip: string, { subnet, gateway }: AddressBlock): NonNullable<Place['ipv6']> {
  return { ip, prefix: parseSubnet6(subnet)?.prefix ?? 128, gateway }
}
