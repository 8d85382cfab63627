import type { CreateNetworkOptions } from '#engine/network/create-options'
import { parseNetworkFlags } from '../flags/network-options.ts'
import { type Fields, member, object, objects, textMap } from './fields.ts'

/**
 * Converts the body of `POST /networks/create` into options of the engine, by the rules of
 * `network create`. Throws `INVALID`.
 */
export function parseNetworkBody(body: Fields): CreateNetworkOptions {
  const ipam = object(body, 'IPAM') ?? {}
  const configs = objects(ipam, 'Config') ?? []
  const given = (name: string): readonly string[] =>
    configs.flatMap((config) => member(config, name, 'string') || [])
  return {
    name: member(body, 'Name', 'string') ?? '',
    ...parseNetworkFlags({
      driver: member(body, 'Driver', 'string') || undefined,
      scope: member(body, 'Scope', 'string') || undefined,
      ipamDriver: member(ipam, 'Driver', 'string') || undefined,
      ipamOptions: pairs(textMap(ipam, 'Options')),
      ipv4: member(body, 'EnableIPv4', 'boolean'),
      ipv6: member(body, 'EnableIPv6', 'boolean'),
      subnets: given('Subnet'),
      gateways: given('Gateway'),
      ipRanges: given('IPRange'),
      auxiliary: configs.flatMap((config) => pairs(textMap(config, 'AuxiliaryAddresses'))),
      options: pairs(textMap(body, 'Options')),
      isAttachable: member(body, 'Attachable', 'boolean'),
      isConfigOnly: member(body, 'ConfigOnly', 'boolean'),
      configFrom: member(object(body, 'ConfigFrom') ?? {}, 'Network', 'string') || undefined,
    }),
    isInternal: member(body, 'Internal', 'boolean'),
    labels: textMap(body, 'Labels'),
  }
}

const pairs = (map: Readonly<Record<string, string>> = {}): readonly string[] =>
  Object.entries(map).map(([key, value]) => `${key}=${value}`)
