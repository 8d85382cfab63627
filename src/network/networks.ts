import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { StrakeError } from '#oci'
import { isSystemError } from '#platform'
import type {
  AllocateAddress,
  BridgeAttachment,
  BridgeAttachOptions,
  BridgeNetwork,
} from './bridge/bridge-network.ts'
import type { PortRequest } from './port.ts'
import { type ResolverConfig, readContainerResolver, readHostResolver } from './resolv-conf.ts'

export type NetworkKind = 'bridge' | 'host' | 'none'

/** The network that every container joins unless another one is given. */
export const defaultNetwork = 'bridge'

/** A network that a container joins. */
export interface NetworkRequest {
  readonly name: string
  /** Chooses the address. */
  readonly allocate: AllocateAddress
}

/** The place of a container on one network. */
export interface NetworkPlace {
  readonly name: string
  readonly ip: string
  readonly prefix: number
  readonly gateway: string
  readonly mac: string
}

export interface AttachOptions {
  readonly containerId: string
  readonly kind: NetworkKind
  /** The container's name in messages; default: its ID. */
  readonly name?: string
  /** The networks to join, for the kind `bridge`; the first one has the default route. */
  readonly networks?: readonly NetworkRequest[] | undefined
  /** The ports to publish on a bridge. The other kinds ignore them. */
  readonly ports?: readonly PortRequest[]
  readonly signal?: AbortSignal | undefined
}

/**
 * The network of a container. For `bridge`, the namespace exists at `netnsPath`. For `none`,
 * config.json has a network namespace without a path, so that crun or runc creates it and brings
 * loopback up. For `host`, config.json has no network namespace. Disposing detaches the container.
 */
export interface Attachment extends Partial<BridgeAttachment>, AsyncDisposable {
  readonly kind: NetworkKind
  readonly ports: BridgeAttachment['ports']
  /** The places on the joined networks, in that order. */
  readonly networks: readonly NetworkPlace[]
  readonly resolver: ResolverConfig
}

/** The networks of one store. Any number of processes may use them at once. */
export interface Networks {
  /**
   * Attaches a container to its networks. Throws `CONFLICT` for a port in use, `NOT_FOUND` for a
   * network that does not exist, `UNSUPPORTED` without nft or for several networks, and
   * `UNAVAILABLE` without the rights; then it leaves nothing behind.
   */
  attach(options: AttachOptions): Promise<Attachment>
  /**
   * Detaches a container, which may have no network. The kernel removes the interfaces when the
   * last process of the namespace ends. Published ports are removed in the background within about
   * ten milliseconds.
   */
  detach(containerId: string): Promise<void>
  /**
   * Detaches every container that is not in the list and returns their IDs. The list
   * must include containers that are being started.
   */
  cleanStale(liveIds: Iterable<string>): Promise<readonly string[]>
  /** Removes the bridge and every rule. Throws `CONFLICT` while a container is attached. */
  remove(): Promise<void>
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
}

/** Opens the networks. Creates nothing before a container needs it. */
export function openNetworks({ run, bridge: configured = {} }: NetworksOptions): Networks {
  const name = configured.name ?? defaultBridge(run)
  if (!/^[a-z][a-z0-9_]{0,14}$/.test(name)) {
    throw new StrakeError(
      'INVALID',
      `Cannot call a bridge ${JSON.stringify(name)}: not 1 to 15 of a-z, 0-9 and _`,
    )
  }
  let opened: BridgeNetwork | undefined
  // Loaded at the first use, because most of this folder is about bridges.
  const bridge = async (): Promise<BridgeNetwork> => {
    const { openBridgeNetwork } = await import('./bridge/bridge-network.ts')
    opened ??= openBridgeNetwork({
      directory: join(run, 'network'),
      namespaces: join(run, 'netns'),
      name,
      table: name === defaultName ? 'strake' : name,
      subnet: configured.subnet,
    })
    return opened
  }
  const detach = async (containerId: string) => {
    requireId(containerId)
    const network = await bridge()
    network.detach(containerId)
  }
  return {
    async attach(options) {
      options.signal?.throwIfAborted()
      const { kind, containerId } = options
      if (kind !== 'bridge') {
        const resolver = kind === 'host' ? readHostResolver() : readContainerResolver()
        return { kind, ports: [], networks: [], resolver, [Symbol.asyncDispose]: async () => {} }
      }
      const place = await explain(options, async () =>
        (await bridge()).attach(bridgeOptions(options)),
      )
      const { ip, prefix, gateway, mac } = place
      return {
        kind,
        ...place,
        networks: [{ name: defaultNetwork, ip, prefix, gateway, mac }],
        resolver: readContainerResolver(),
        [Symbol.asyncDispose]: () => detach(containerId),
      }
    },
    detach,
    async cleanStale(liveIds) {
      if (!existsSync(join(run, 'network'))) return []
      const live = new Set(liveIds)
      const network = await bridge()
      const stale = network.list().filter((id) => !live.has(id))
      for (const id of stale) network.detach(id)
      network.dropOrphans()
      return stale
    },
    async remove() {
      // Querying the kernel needs CAP_NET_ADMIN; skip it when no network was ever created.
      if (!existsSync(join(run, 'network')) && !existsSync(`/sys/class/net/${name}`)) return
      const network = await bridge()
      await network.remove()
    },
  }
}

const defaultName = 'strake0'

function bridgeOptions({
  containerId,
  name = '',
  networks = [],
  ports = [],
  signal,
}: AttachOptions): BridgeAttachOptions {
  const [joined, second] = networks
  if (joined === undefined) throw new TypeError('no network to join')
  if (joined.name !== defaultNetwork) {
    throw new StrakeError(
      'NOT_FOUND',
      `Cannot join network ${joined.name}: there is no such network`,
    )
  }
  if (second !== undefined) {
    throw new StrakeError(
      'UNSUPPORTED',
      `Cannot join network ${second.name}: the container has joined one already`,
    )
  }
  const { allocate } = joined
  return { containerId: requireId(containerId), name, allocate, ports, signal }
}

/** Adds the container's name and a remedy to a kernel error. */
async function explain<T>(options: AttachOptions, attach: () => Promise<T>): Promise<T> {
  try {
    return await attach()
  } catch (error) {
    if (!isSystemError(error)) throw error
    const { message } = error as Error
    const what = `Cannot connect container ${options.name ?? options.containerId} to the network`
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
  if (path === '/run/strake') return defaultName
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(path)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return `strake${hash.toString(16).padStart(8, '0')}`
}
