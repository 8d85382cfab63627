import { StrakeError } from '#oci'
import {
  contains,
  formatAddress,
  formatSubnet,
  lastAddress,
  netlinkProtocol,
  openNetlink,
  overlaps,
  parseAddress,
  parseSubnet,
  type Subnet,
} from '#platform'
import { readSubnet } from './bridge/bridge.ts'
import { listRoutes } from './bridge/link.ts'
import { chooseUserSubnet, requireFree, requireSubnet } from './bridge/subnet.ts'
import { readContainerResolver } from './resolv-conf.ts'

/** The addresses of a new network. An absent member is chosen. */
export interface SubnetRequest {
  /** IPv4 in CIDR form. */
  readonly subnet?: string | undefined
  readonly gateway?: string | undefined
  /** A part of the subnet. */
  readonly ipRange?: string | undefined
  readonly auxiliary?: Readonly<Record<string, string>> | undefined
}

/**
 * Returns the subnet and the gateway of a new network. The subnet overlaps no route of this host
 * and none of `taken`, the subnets of other networks. Throws `CONFLICT` and `INVALID`.
 */
export function chooseNetworkSubnet(
  request: SubnetRequest,
  taken: readonly { readonly name: string; readonly subnet: string }[],
): { readonly subnet: string; readonly gateway: string } {
  using route = openNetlink(netlinkProtocol.route)
  const routes = listRoutes(route).map(({ subnet }) => subnet)
  const subnet =
    request.subnet === undefined
      ? chooseFree(request, routes, taken)
      : requireUntaken(requireSubnet(request.subnet), routes, taken)
  checkParts(request, subnet)
  const gateway = request.gateway ?? formatAddress(firstFree(subnet, request))
  return { subnet: formatSubnet(subnet), gateway }
}

/** Returns the subnet of the default network, once a container has used it. */
export function readDefaultSubnet(
  run: string,
): { readonly subnet: string; readonly gateway: string } | undefined {
  const subnet = readSubnet({ directory: `${run}/network` })
  if (subnet === undefined) return undefined
  return { subnet: formatSubnet(subnet), gateway: formatAddress(subnet.base + 1) }
}

function chooseFree(
  { gateway, ipRange }: SubnetRequest,
  routes: readonly Subnet[],
  taken: readonly { readonly subnet: string }[],
): Subnet {
  const part = gateway === undefined ? ipRange : gateway
  if (part !== undefined) {
    throw new StrakeError('INVALID', `Cannot use ${part}: the subnet is not given`, {
      remedy: 'add --subnet',
    })
  }
  const used = taken.flatMap(({ subnet }) => parseSubnet(subnet) ?? [])
  return chooseUserSubnet([...routes, ...used], readContainerResolver().nameservers)
}

function requireUntaken(
  subnet: Subnet,
  routes: readonly Subnet[],
  taken: readonly { readonly name: string; readonly subnet: string }[],
): Subnet {
  const other = taken.find((one) => overlaps(parseSubnet(one.subnet) ?? subnet, subnet))
  if (other !== undefined) {
    throw new StrakeError(
      'CONFLICT',
      `Cannot use the subnet ${formatSubnet(subnet)}: Pool overlaps with other one on this address space, that of network ${other.name}`,
      { remedy: `choose another subnet, or remove network ${other.name}` },
    )
  }
  requireFree(subnet, routes)
  return subnet
}

/** Throws `INVALID` for an address outside the subnet. */
function checkParts({ gateway, ipRange, auxiliary = {} }: SubnetRequest, subnet: Subnet): void {
  const addresses = [...(gateway === undefined ? [] : [gateway]), ...Object.values(auxiliary)]
  for (const text of addresses) {
    const address = parseAddress(text)
    const isHost = address !== undefined && address > subnet.base && address < lastAddress(subnet)
    if (!isHost) throw outside(`address ${text}`, subnet)
  }
  if (ipRange === undefined) return
  const range = parseSubnet(ipRange)
  const isInside =
    range !== undefined && range.prefix >= subnet.prefix && contains(subnet, range.base)
  if (!isInside) throw outside(`range ${ipRange}`, subnet)
}

function outside(what: string, subnet: Subnet): StrakeError {
  return new StrakeError(
    'INVALID',
    `Cannot use the ${what}: it is not of the subnet ${formatSubnet(subnet)}`,
  )
}

/** Returns the first address that no other machine has: of the range, if one is given. */
function firstFree(subnet: Subnet, { ipRange = '', auxiliary = {} }: SubnetRequest): number {
  const taken = new Set(Object.values(auxiliary))
  const range = parseSubnet(ipRange)
  const start = Math.max(subnet.base + 1, range?.base ?? 0)
  for (let address = start; address < lastAddress(subnet); address++) {
    if (!taken.has(formatAddress(address))) return address
  }
  return subnet.base + 1
}
