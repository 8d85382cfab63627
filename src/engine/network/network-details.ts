import { isRunning, networkNames, readContainer } from '#container'
import type { NetworkPlace } from '#network'
import type { NetworkBlock, NetworkRecord, NetworkTraits } from '#records'
import type { Engine } from '../engine.ts'

/** A running container on a network. */
export interface NetworkMember {
  readonly id: string
  readonly name: string
  /** Absent for the networks `host` and `none`. */
  readonly place?: NetworkPlace | undefined
}

/** A network, made by a user or built in, and the containers on it. */
export interface NetworkDetails {
  readonly id: string
  readonly name: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly driver: string
  /** Absent for the networks `host` and `none`. */
  readonly ipv4?: NetworkBlock | undefined
  readonly ipv6?: NetworkBlock | undefined
  readonly hasIpv4: boolean
  readonly auxiliary: Readonly<Record<string, string>>
  readonly isInternal: boolean
  readonly isBuiltIn: boolean
  readonly labels: Readonly<Record<string, string>>
  readonly options: Readonly<Record<string, string>>
  readonly traits: NetworkTraits
  readonly members: readonly NetworkMember[]
}

/** The networks that every store has, with IDs that are the same everywhere: SHA-256 of their names. */
const builtIn = [
  {
    name: 'bridge',
    driver: 'bridge',
    id: '17f29b073143d8cd97b5bbe492bdeffec1c5fee55cc1fe2112c8b9335f8b6121',
  },
  {
    name: 'host',
    driver: 'host',
    id: '4740ae6347b0172c01254ff55bae5aff5199f4446e7f6d643d40185b3f475145',
  },
  {
    name: 'none',
    driver: 'null',
    id: '140bedbf9c3f6d56a9846d2ba7088798683f4da0c248231336e6a05679e4fdfe',
  },
] as const

type BuiltIn = (typeof builtIn)[number]

/** Finds a built-in network by its name, its ID or the beginning of its ID. */
export function findBuiltIn(text: string): BuiltIn | undefined {
  const isPrefix = /^[0-9a-f]{3,64}$/.test(text)
  return builtIn.find(({ name, id }) => name === text || (isPrefix && id.startsWith(text)))
}

/** Every network, sorted by name, with the containers that run on it. */
export async function describeNetworks(engine: Engine): Promise<readonly NetworkDetails[]> {
  const members = listMembers(engine)
  const of = (name: string): readonly NetworkMember[] => members.get(name) ?? []
  const own = engine.records.networks.list().map((record) => fromRecord(record, of(record.name)))
  const { foreseeDefaultSubnet } = await import('#network/subnets')
  const fixed = builtIn.map((one) => {
    const addresses = one.name === 'bridge' ? foreseeDefaultSubnet(engine.run) : undefined
    return fromBuiltIn(one, of(one.name), addresses)
  })
  return [...own, ...fixed].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function fromRecord(record: NetworkRecord, members: readonly NetworkMember[]): NetworkDetails {
  const { ipv4, ipv6, ...rest } = record
  const blocks = { ipv4: ipv4 ?? undefined, ipv6: ipv6 ?? undefined, hasIpv4: ipv4 !== null }
  return { ...rest, ...blocks, isBuiltIn: false, members }
}

function fromBuiltIn(
  { id, name, driver }: BuiltIn,
  members: readonly NetworkMember[],
  ipv4: NetworkBlock | undefined,
): NetworkDetails {
  return {
    ...{ id, name, driver, ipv4, members, createdAt: 0, hasIpv4: true, traits: {} },
    ...{ auxiliary: {}, labels: {}, options: {}, isInternal: false, isBuiltIn: true },
  }
}

/** The running containers of each network, by the network's name. */
function listMembers(engine: Engine): ReadonlyMap<string, readonly NetworkMember[]> {
  const members = new Map<string, NetworkMember[]>()
  for (const record of engine.records.containers.list()) {
    const container = readContainer(engine, record)
    if (!isRunning(container)) continue
    const { id, name, settings, state } = container
    const places = state.network?.networks ?? []
    const found =
      places.length > 0
        ? places.map((place) => ({ network: place.name, place }))
        : networkNames(settings).map((network) => ({ network, place: undefined }))
    for (const { network, place } of found) {
      members.set(network, [...(members.get(network) ?? []), { id, name, place }])
    }
  }
  return members
}
