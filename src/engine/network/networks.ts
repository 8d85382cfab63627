import { bridgeOption, networkNames, readSettings } from '#container'
import type { BlockRequest } from '#network'
import type { TakenSubnet } from '#network/subnet-errors'
import { StrakeError } from '#oci'
import type { NetworkRecord, NewEvent } from '#records'
import { beginWork } from '../begin-work.ts'
import { listContainers } from '../container/ps.ts'
import type { Engine } from '../engine.ts'
import { requireFacts } from '../facts.ts'
import { checkNetworkOptions } from './check-options.ts'
import type { CreateNetworkOptions } from './create-options.ts'
import { describeNetworks, findBuiltIn, type NetworkDetails } from './network-details.ts'
import { type NetworkFilter, passesNetworkFilter } from './network-filter.ts'
import { asTemplate, requireUnusedTemplate, withTemplate } from './templates.ts'

/**
 * Creates a network and returns its ID. Its bridge is made when the first container joins it.
 * Throws `CONFLICT` for a name or a subnet that is taken, `NOT_FOUND` for an absent template, and
 * `INVALID`.
 */
export async function createNetwork(
  engine: Engine,
  request: CreateNetworkOptions,
): Promise<string> {
  const { name } = request
  checkName(name)
  engine.records.guardRoom()
  const { chooseAddresses, readDefaultSubnet } = await import('#network/subnets')
  const id = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex')
  const { records } = engine
  await records.write(() => {
    const others = records.networks.list()
    const wanted = withTemplate(others, request)
    const { auxiliary = {}, isInternal = false, labels = {}, options = {}, traits = {} } = wanted
    const { driver = 'bridge' } = request
    const rest = { auxiliary, isInternal, labels, options, traits }
    if (traits.isConfigOnly) {
      records.networks.insert({ id, name, driver: 'null', ...asTemplate(wanted), ...rest })
    } else {
      checkNetworkOptions(wanted)
      requireOwnBridge(options, others)
      const bridge = readDefaultSubnet(engine.run)
      const usual = bridge === undefined ? [] : [{ name: 'bridge', subnet: bridge.subnet }]
      const { ipv4, ipv6 } = chooseAddresses({ ...wanted, isShared: driver !== 'bridge' }, [
        ...others.flatMap(subnetsOf),
        ...usual,
      ])
      records.networks.insert({
        ...{ id, name, driver, ...rest },
        ipv4: ipv4 === undefined ? null : { ...ipv4, ipRange: rangeOf(wanted.ipv4) },
        ipv6: ipv6 === undefined ? null : { ...ipv6, ipRange: rangeOf(wanted.ipv6) },
      })
    }
    records.events.append(networkEvent('create', { id, name, driver }))
  })
  return id
}

function rangeOf(request: BlockRequest | false | undefined): string | undefined {
  return request === false ? undefined : request?.ipRange
}

/** A template allocates no addresses. */
function subnetsOf({ name, ipv4, ipv6, traits }: NetworkRecord): readonly TakenSubnet[] {
  if (traits.isConfigOnly) return []
  return [ipv4, ipv6].flatMap((block) => (block === null ? [] : [{ name, subnet: block.subnet }]))
}

/** Two networks with one bridge would share its addresses and rules. */
function requireOwnBridge(
  options: NonNullable<CreateNetworkOptions['options']>,
  others: readonly NetworkRecord[],
): void {
  const name = options[bridgeOption.name]
  const other = others.find((one) => name !== undefined && one.options[bridgeOption.name] === name)
  if (other === undefined) return
  throw new StrakeError(
    'CONFLICT',
    `Cannot use the bridge ${name}: networks have the same bridge name, and ${other.name} has it`,
  )
}

/** Docker's rule for names, and names that `--network` reads in another way. */
function checkName(name: string): void {
  if (findBuiltIn(name)?.name === name) {
    throw new StrakeError(
      'CONFLICT',
      `Cannot create network ${name}: network with name ${name} already exists`,
    )
  }
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name) && name.length <= 255 && name !== 'default') return
  throw new StrakeError(
    'INVALID',
    `Cannot create network ${JSON.stringify(name)}: only letters, digits, _ . and - are allowed`,
  )
}

/** Finds a network by its name, its ID or the beginning of its ID. Throws `NOT_FOUND`. */
export async function inspectNetwork(engine: Engine, text: string): Promise<NetworkDetails> {
  const id = engine.records.networks.find(text)?.id ?? findBuiltIn(text)?.id
  const found = (await describeNetworks(engine)).find((network) => network.id === id)
  if (found !== undefined) return found
  throw new StrakeError('NOT_FOUND', `Cannot find network ${text}: network ${text} not found`, {
    remedy: 'list them with strake network ls',
  })
}

/** The networks that a filter lets pass, by name. */
export async function listNetworks(
  engine: Engine,
  filter: NetworkFilter = {},
): Promise<readonly NetworkDetails[]> {
  const used = usedNetworks(engine)
  return (await describeNetworks(engine)).filter((network) =>
    passesNetworkFilter(filter, network, used.has(network.name)),
  )
}

/** The names of networks that containers name, running or not. */
export function usedNetworks({ records }: Pick<Engine, 'records'>): ReadonlySet<string> {
  return new Set(records.containers.list().flatMap((record) => networkNames(readSettings(record))))
}

/**
 * Removes a network with its bridge and its rules. Returns false for an absent network with
 * `force`. Throws `CONFLICT` while a container runs on it, `DENIED` for a built-in one, and
 * `NOT_FOUND`.
 */
export async function removeNetwork(
  engine: Engine,
  text: string,
  { force = false }: { readonly force?: boolean | undefined } = {},
): Promise<boolean> {
  const fixed = findBuiltIn(text)
  const record = engine.records.networks.find(text)
  if (record === undefined && fixed !== undefined) {
    throw new StrakeError(
      'DENIED',
      `Cannot remove network ${text}: ${fixed.name} is a pre-defined network and cannot be removed`,
    )
  }
  if (record === undefined) {
    if (force) return false
    await inspectNetwork(engine, text)
    return false
  }
  // Without the records of containers, no one can know which network one of them uses.
  requireFacts(engine)
  // A lease of a dead process makes the next command remove what is left of the bridge.
  await using _lease = await beginWork(engine, `network rm ${record.name}`)
  if (userOf(engine, record) !== undefined) {
    // Releases the addresses of containers that ended without a monitor.
    await listContainers(engine, { all: true })
  }
  await engine.records.write(() => {
    const user = userOf(engine, record)
    if (user !== undefined) throw inUse(record, user)
    requireUnusedTemplate(record, engine.records.networks.list())
    if (!engine.records.networks.remove(record.name)) return
    engine.records.events.append(networkEvent('destroy', record))
  })
  const networks = await engine.networks()
  const { id, name, options } = record
  await networks.remove({ id, name, interfaceName: options[bridgeOption.name] })
  return true
}

/** Returns a container with an address of the network. */
function userOf(
  { records }: Engine,
  { id }: NetworkRecord,
): { readonly name: string; readonly id: string } | undefined {
  const [address] = records.addresses.list(id)
  if (address === undefined) return undefined
  const { container } = address
  return { id: container, name: records.containers.get(container)?.name ?? container.slice(0, 12) }
}

function inUse(
  { name }: NetworkRecord,
  user: { readonly name: string; readonly id: string },
): StrakeError {
  const who = `name:${JSON.stringify(user.name)} id:"${user.id.slice(0, 12)}"`
  return new StrakeError(
    'CONFLICT',
    `Cannot remove network ${name}: network ${name} has active endpoints (${who})`,
    { remedy: `stop the container, or use strake network disconnect ${name} ${user.name}` },
  )
}

function networkEvent(
  action: 'create' | 'destroy',
  { id, name, driver }: { readonly id: string; readonly name: string; readonly driver: string },
): NewEvent {
  return { type: 'network', action, actor: id, attributes: { name, type: driver } }
}
