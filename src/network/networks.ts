import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { StrakeError } from '#oci'
import { isSystemError, ownsNetwork, removeNetworkNamespace } from '#platform'
import { openBridges, usualBridge } from './bridges.ts'
import type { Attachment, AttachOptions, NetworkPlace, NetworkRequest } from './model.ts'
import { attachAll, chooseGateway, placeOf, routeOutside } from './places.ts'
import type { PortRequest, PublishedPort } from './port.ts'
import { readContainerResolver, readHostResolver } from './resolv-conf.ts'
import type { UserNetwork } from './user-network.ts'

/** The networks of one store. Any number of processes may use them at once. */
export interface Networks {
  /**
   * Attaches a container to its networks. Throws `CONFLICT` for a port in use, `NOT_FOUND` for a
   * network that does not exist, `UNSUPPORTED` without nft, and `UNAVAILABLE` without the
   * rights; then it leaves nothing behind.
   */
  attach(options: AttachOptions): Promise<Attachment>
  /**
   * Gives a running container one more network. `places` are those that it has. Returns all of
   * them. Throws like `attach`.
   */
  connect(
    options: Pick<AttachOptions, 'containerId' | 'name'>,
    places: readonly NetworkPlace[],
    request: NetworkRequest,
  ): Promise<readonly NetworkPlace[]>
  /**
   * Removes a running container from a network, and its ports if they are published there. Returns
   * the other places.
   */
  disconnect(
    containerId: string,
    places: readonly NetworkPlace[],
    name: string,
  ): Promise<readonly NetworkPlace[]>
  /** Lets other containers find a container by another name, at once. */
  rename(containerId: string, name: string): Promise<void>
  /**
   * Changes the published ports of a running container on one of its networks: those of `add`
   * begin, all of them or none, and then those of `remove` end. Established connections stay.
   * Returns the new ports. Throws like `attach`.
   */
  changePorts(
    options: Pick<AttachOptions, 'containerId' | 'name' | 'signal'>,
    network: UserNetwork | undefined,
    change: { readonly add?: readonly PortRequest[]; readonly remove?: readonly PublishedPort[] },
  ): Promise<readonly PublishedPort[]>
  /**
   * Detaches a container, which may have no network. The kernel removes the interfaces when the
   * last process of the namespace ends. Published ports are removed in the background within about
   * ten milliseconds.
   */
  detach(containerId: string): Promise<void>
  /**
   * Detaches every container that is not in the list and returns their IDs. The list
   * must include containers that are being started. Restores bridges and rules of the default
   * network that another program has removed while containers use them. With `networks`, does the
   * same for these, and removes the bridges of all other networks that users have made.
   */
  cleanStale(
    liveIds: Iterable<string>,
    networks?: Iterable<UserNetwork>,
  ): Promise<readonly string[]>
  /**
   * Removes the bridge and the rules of a network; without a network, of every one. Throws `CONFLICT`
   * while a container is attached.
   */
  remove(network?: Pick<UserNetwork, 'id' | 'name' | 'interfaceName'>): Promise<void>
}

export interface NetworksOptions {
  /** `$STRAKE_RUN`. Every directory has its own bridge, because each store assigns addresses by itself. */
  readonly run: string
  readonly bridge?: {
    /** At most 15 characters. `strake0` for /run/strake, and derived from the directory elsewhere. */
    readonly name?: string
    /** `10.89.0.0/16`. Without it, the first usual subnet that overlaps no route of the host. */
    readonly subnet?: string
  }
  /**
   * Published ports obey the firewall of the host for its own servers: a process passes them on. A
   * network may say otherwise.
   */
  readonly proxiesPorts?: boolean | undefined
}

/** Opens the networks. Creates nothing before a container needs it. */
export function openNetworks(options: NetworksOptions): Networks {
  const { run, bridge: configured = {}, proxiesPorts } = options
  const name = configured.name ?? defaultBridge(run)
  if (!/^[a-z][a-z0-9_]{0,14}$/.test(name)) {
    throw new StrakeError(
      'INVALID',
      `Cannot call a bridge ${JSON.stringify(name)}: not 1 to 15 of a-z, 0-9 and _`,
    )
  }
  const bridges = openBridges({ run, name, subnet: configured.subnet, proxiesPorts })
  const { directory, namespaces } = bridges
  const detach = async (containerId: string) => {
    requireId(containerId)
    removeNetworkNamespace(join(namespaces, containerId))
    for (const id of [undefined, ...bridges.ids()]) {
      const bridge = await bridges.byId(id)
      bridge.detach(containerId)
    }
  }
  return {
    async attach(options) {
      options.signal?.throwIfAborted()
      const { kind } = options
      const containerId = requireId(options.containerId)
      if (kind !== 'bridge') {
        const resolver = kind === 'host' ? readHostResolver() : readContainerResolver()
        return { kind, ports: [], networks: [], resolver, [Symbol.asyncDispose]: async () => {} }
      }
      requireOwnNetwork(options)
      const places = await explain(options, () => attachAll(options, bridges.of, detach))
      const networks = places.map(({ place }) => place)
      const first = chooseGateway(networks) ?? networks[0]
      if (first === undefined) throw new TypeError('no network to join')
      const { ip, prefix, gateway, ipv6, mac, device, proxiesPorts } = first
      const ports = places.flatMap((each) => each.ports)
      return {
        kind,
        netnsPath: join(namespaces, containerId),
        ...{ ip, prefix, gateway, ipv6, mac, device, proxiesPorts, ports, networks },
        resolver: readContainerResolver(),
        [Symbol.asyncDispose]: () => detach(containerId),
      }
    },
    async connect(options, places, request) {
      const containerId = requireId(options.containerId)
      requireOwnNetwork(options)
      const bridge = await bridges.of(request.network)
      const joined = await explain(options, () =>
        bridge.attach({
          ...{ containerId, name: options.name ?? '', ports: [], isMore: true, isDefault: false },
          ...{ allocate: request.allocate, aliases: request.aliases, mac: request.mac },
          ...{ links: request.links, endpoint: request.endpoint },
        }),
      )
      const all = [...places, placeOf(request, joined)]
      await routeOutside(join(namespaces, containerId), all)
      return all
    },
    async disconnect(containerId, places, name) {
      const left = places.find((place) => place.name === name)
      if (left === undefined) return places
      const bridge = await bridges.byId(left.id)
      bridge.disconnect(requireId(containerId))
      const others = places.filter((place) => place !== left)
      await routeOutside(join(namespaces, containerId), others)
      return others
    },
    async changePorts(options, network, change) {
      const containerId = requireId(options.containerId)
      const bridge = await bridges.of(network)
      const { hostIp } = network ?? {}
      const { add = [], remove = [] } = change
      const requests = add.map((port) => ({ ...(hostIp && { hostIp }), ...port }))
      return await explain(options, () =>
        bridge.changePorts(containerId, { add: requests, remove }, options.signal),
      )
    },
    async rename(containerId, name) {
      for (const id of [undefined, ...bridges.ids()]) {
        const bridge = await bridges.byId(id)
        bridge.rename(requireId(containerId), name)
      }
    },
    detach,
    async cleanStale(liveIds, networks) {
      if (!existsSync(directory) || !ownsNetwork()) return []
      const live = new Set(liveIds)
      const known = bridges.ids()
      const stale = new Set<string>()
      for (const id of [undefined, ...known]) {
        const bridge = await bridges.byId(id)
        for (const one of bridge.list()) if (!live.has(one)) stale.add(one)
      }
      for (const id of stale) await detach(id)
      for (const id of [undefined, ...known]) (await bridges.byId(id)).dropOrphans()
      const users = networks && [...networks]
      if (users !== undefined) {
        const kept = new Set(users.map(({ id }) => id))
        for (const id of known) if (!kept.has(id)) await bridges.remove({ id, name: id })
      }
      for (const network of [undefined, ...(users ?? [])]) {
        if (network?.lan !== undefined) continue
        const { restoreUsedBridge } = await import('./bridge/restore.ts')
        await restoreUsedBridge(bridges.optionsOf(network))
      }
      return [...stale]
    },
    async remove(only) {
      if (only !== undefined) return await bridges.remove(only)
      // A process that may not make networks has made none.
      if (!ownsNetwork()) return
      for (const id of bridges.ids()) await bridges.remove({ id, name: id })
      // Querying the kernel needs CAP_NET_ADMIN; skip it when no network was ever created.
      if (!existsSync(directory) && !existsSync(`/sys/class/net/${name}`)) return
      const network = await bridges.of(undefined)
      await network.remove()
    },
  }
}

/** Throws `UNAVAILABLE` in a user namespace that has the network of the machine. */
function requireOwnNetwork(options: Pick<AttachOptions, 'containerId' | 'name'>): void {
  if (ownsNetwork()) return
  const reason = 'only root may make networks on this machine'
  throw new StrakeError('UNAVAILABLE', `${failureOf(options)}: ${reason}`, {
    remedy: 'use --network host or --network none',
  })
}

function failureOf(options: Pick<AttachOptions, 'containerId' | 'name'>): string {
  return `Cannot connect container ${options.name ?? options.containerId} to the network`
}

/** Adds the container's name and a remedy to a kernel error. */
async function explain<T>(
  options: Pick<AttachOptions, 'containerId' | 'name'>,
  attach: () => Promise<T>,
): Promise<T> {
  try {
    return await attach()
  } catch (error) {
    if (!isSystemError(error)) throw error
    const { message } = error as Error
    const what = failureOf(options)
    const remedy = isSystemError(error, 'EPERM', 'EACCES')
      ? { remedy: 'run as root, or use --network host or none' }
      : {}
    throw new StrakeError('UNAVAILABLE', `${what}: ${message}`, { cause: error, ...remedy })
  }
}

/** IDs become file names. */
function requireId(id: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(id)) return id
  throw new StrakeError('INVALID', `Cannot use ${JSON.stringify(id)} as the id of a container`)
}

/** Returns the FNV-1a hash of the directory, which is the same in every process. */
function defaultBridge(run: string): string {
  const path = resolve(run)
  if (path === '/run/strake') return usualBridge
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(path)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return `strake${hash.toString(16).padStart(8, '0')}`
}
