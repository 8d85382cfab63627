import type { BlockRequest } from '#network'
import { StrakeError } from '#oci'
import type { NetworkBlock, NetworkRecord } from '#records'
import type { CreateNetworkOptions } from './create-options.ts'

/**
 * Returns the request with what its template gives: addresses, labels and options. As in Docker,
 * such a request has no addresses and options of its own. Throws `NOT_FOUND` and `INVALID`.
 */
export function withTemplate(
  networks: readonly NetworkRecord[],
  request: CreateNetworkOptions,
): CreateNetworkOptions {
  const { name, traits = {}, ipv4, ipv6, auxiliary = {}, options = {} } = request
  const { configFrom, isConfigOnly } = traits
  if (configFrom === undefined) return request
  const refuse = (reason: string): StrakeError =>
    new StrakeError('INVALID', `Cannot create network ${name} from ${configFrom}: ${reason}`)
  if (isConfigOnly) throw refuse('a configuration network cannot be made from another one')
  const template = networks.find((one) => one.name === configFrom || one.id === configFrom)
  if (template === undefined || !template.traits.isConfigOnly) {
    throw new StrakeError(
      'NOT_FOUND',
      `Cannot create network ${name} from ${configFrom}: there is no such configuration network`,
      { remedy: `strake network create --config-only ${configFrom}` },
    )
  }
  const hasOwn = [ipv4 || {}, ipv6 ?? {}, auxiliary, options].some(
    (part) => Object.values(part).filter((value) => value !== undefined).length > 0,
  )
  if (hasOwn) throw refuse('addresses and options come from the configuration network')
  return {
    name,
    isInternal: request.isInternal || template.isInternal,
    ipv4: template.ipv4 === null ? false : asRequest(template.ipv4),
    ipv6: template.ipv6 === null ? undefined : asRequest(template.ipv6),
    auxiliary: template.auxiliary,
    labels: { ...template.labels, ...request.labels },
    options: template.options,
    traits: { ...template.traits, ...traits, isConfigOnly: undefined, configFrom: template.name },
  }
}

/** Throws `CONFLICT` for a template that networks were made from. */
export function requireUnusedTemplate(
  { name, traits }: NetworkRecord,
  networks: readonly NetworkRecord[],
): void {
  if (!traits.isConfigOnly) return
  const user = networks.find((one) => one.traits.configFrom === name)
  if (user === undefined) return
  throw new StrakeError(
    'CONFLICT',
    `Cannot remove network ${name}: configuration network ${name} is in use by network ${user.name}`,
    { remedy: `strake network rm ${user.name}` },
  )
}

/** The addresses that a template records: what the user gave, and nothing chosen. */
export function asTemplate({
  ipv4 = {},
  ipv6,
}: CreateNetworkOptions): Pick<NetworkRecord, 'ipv4' | 'ipv6'> {
  return {
    ipv4: ipv4 === false ? null : asBlock(ipv4),
    ipv6: ipv6 === undefined ? null : asBlock(ipv6),
  }
}

function asBlock({ subnet = '', gateway = '', ipRange }: BlockRequest): NetworkBlock {
  return { subnet, gateway, ipRange }
}

function asRequest({ subnet, gateway, ipRange }: NetworkBlock): BlockRequest {
  return { subnet: subnet || undefined, gateway: gateway || undefined, ipRange }
}
