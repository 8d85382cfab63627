import { setTimeout as sleep } from 'node:timers/promises'
import { defaultNetwork } from '#network/model'
import { StrakeError } from '#oci'
import { networkEvent } from '../model/container-events.ts'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import { lockContainer } from '../model/lock.ts'
import type { NetworkChoice } from '../model/options.ts'
import { type Container, getContainer, isRunning } from '../model/record.ts'
import { networksOf } from '../model/settings.ts'
import { type NetworkState, readState, writeJson, writeState } from '../model/state.ts'
import { connectMonitor } from '../protocol/connection.ts'
import { keepRecord } from '../recovery/restore.ts'
import { findNetwork, requestNetwork } from '../setup/join-networks.ts'
import { linkTo } from '../setup/links.ts'
import { findContainer } from '../verbs/find.ts'

/**
 * Connects a container to a network: at once if it runs, and at every later start. Throws
 * `CONFLICT` when it is on the network, `NOT_FOUND`, and `DENIED` for a container on the network
 * `host` or `none`.
 */
export async function connectNetwork(
  context: ContainerContext,
  nameOrId: string,
  choice: NetworkChoice,
  signal?: AbortSignal,
): Promise<void> {
  const found = await findContainer(context, nameOrId)
  const name = fullName(context, choice.name)
  using _lock = await lockContainer(context, found, signal)
  const container = getContainer(context, found.id)
  requireBridged(container, name)
  const joined = networksOf(container.settings)
  if (joined.some((one) => one.name === name)) {
    throw new StrakeError(
      'CONFLICT',
      `Cannot connect ${container.name} to network ${name}: endpoint with name ${container.name} already exists in network ${name}`,
    )
  }
  const links = choice.links?.map((link) => linkTo(context, link))
  const added = { ...choice, links, name }
  if (isRunning(container)) {
    const { network = { networks: [], ports: [] } } = container.state
    const request = requestNetwork(context, container.id, added, signal)
    const who = { containerId: container.id, name: container.name }
    const networks = await context.networks.connect(who, network.networks, request)
    await keepState(context, container, { ...network, networks })
  }
  await keepChoices(context, container, [...joined, added])
  await noteChange(context, container, { name, action: 'connect' })
}

/**
 * Disconnects a container from a network: at once if it runs, and for every later start. Throws
 * `CONFLICT` when it is not on the network, `NOT_FOUND`, and `DENIED` as `connectNetwork`.
 */
export async function disconnectNetwork(
  context: ContainerContext,
  nameOrId: string,
  network: string,
): Promise<void> {
  const found = await findContainer(context, nameOrId)
  const name = fullName(context, network)
  using _lock = await lockContainer(context, found)
  const container = getContainer(context, found.id)
  requireBridged(container, name)
  const joined = networksOf(container.settings)
  if (!joined.some((one) => one.name === name)) {
    throw new StrakeError(
      'CONFLICT',
      `Cannot disconnect ${container.name} from network ${name}: container ${container.name} is not connected to network ${name}`,
    )
  }
  const before = container.state.network
  if (isRunning(container) && before !== undefined) {
    const { id } = container
    const left = before.networks.find((place) => place.name === name)
    const networks = await context.networks.disconnect(id, before.networks, name)
    const ports = left?.hasPorts ? [] : before.ports
    await keepState(context, container, { ...before, networks, ports })
    if (left?.id !== undefined) {
      const network = left.id
      await context.records.write(() => context.records.addresses.release(id, network))
    }
  }
  await keepChoices(
    context,
    container,
    joined.filter((one) => one.name !== name),
  )
  await noteChange(context, container, { name, action: 'disconnect' })
}

function fullName(context: ContainerContext, text: string): string {
  return text === defaultNetwork ? text : findNetwork(context, text).name
}

/** Throws `DENIED` for a container on the network `host` or `none`. */
export function requireBridged({ name, settings }: Container, network: string): void {
  if (settings.network === 'bridge') return
  throw new StrakeError(
    'DENIED',
    `Cannot change the networks of ${name}: it was made with --network ${settings.network}`,
    { remedy: `make it anew with --network ${network}` },
  )
}

/** Milliseconds between two reads of the state, and the most reads. */
const pause = 10
const mostReads = 200

/** Lets the monitor of a container write the state of its networks: it would overwrite what another process writes. */
export async function keepState(
  context: ContainerContext,
  { id }: Container,
  network: NetworkState,
): Promise<void> {
  const paths = containerPaths(context, id)
  writeJson(paths.networks, network)
  const monitor = await connectMonitor(paths.socket)
  if (monitor === undefined) {
    writeState(paths.state, { ...readState(paths), network })
    return
  }
  await monitor.send({ kind: 'wake' })
  await monitor.close()
  const wanted = JSON.stringify(network)
  for (let reads = 0; reads < mostReads; reads++) {
    if (JSON.stringify(readState(paths).network) === wanted) return
    await sleep(pause)
  }
}

async function keepChoices(
  context: ContainerContext,
  { id, settings }: Container,
  networks: readonly NetworkChoice[],
): Promise<void> {
  const { records } = context
  const { state: _, ...record } = await records.write(() =>
    records.containers.update(id, { config: { ...settings, networks } }),
  )
  keepRecord(context, record)
}

async function noteChange(
  { records }: ContainerContext,
  { id }: Container,
  { name, action }: { readonly name: string; readonly action: 'connect' | 'disconnect' },
): Promise<void> {
  await records.events.note(networkEvent(records, { name, container: id }, action))
}
