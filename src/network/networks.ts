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

export interface AttachOptions {
  readonly containerId: string
  readonly kind: NetworkKind
  /** How messages call the container; its id without one. */
  readonly name?: string
  /** Chooses the address; needed for `bridge`. */
  readonly allocate?: AllocateAddress
  /** Published on a bridge; the other kinds have nothing to publish and ignore them. */
  readonly ports?: readonly PortRequest[]
  readonly signal?: AbortSignal
}

/**
 * A container's network. With `bridge`, a namespace that is ready at
 * `netnsPath`. With `none` the runtime makes the namespace: a network namespace
 * without a path in config.json is one that crun and runc create and bring
 * loopback up in. With `host` config.json has no network namespace.
 * Disposing detaches.
 */
export interface Attachment extends Partial<BridgeAttachment>, AsyncDisposable {
  readonly kind: NetworkKind
  readonly ports: BridgeAttachment['ports']
  readonly resolver: ResolverConfig
}

/** The networks of one strake; any number of processes may use them at once. */
export interface Networks {
  /**
   * Gives a container its network. Throws `CONFLICT` for a port in use,
   * `UNSUPPORTED` without nft and `UNAVAILABLE` without the rights it takes;
   * then nothing is left behind.
   */
  attach(options: AttachOptions): Promise<Attachment>
  /**
   * Takes a container off its network; fine for one that is on none. The kernel
   * removes the interfaces when the last process has left, and published ports
   * go in the background within some ten milliseconds.
   */
  detach(containerId: string): Promise<void>
  /**
   * Detaches everything but these containers, which must include those that are
   * being started, and returns the ids it found.
   */
  cleanStale(liveIds: Iterable<string>): Promise<readonly string[]>
  /** Takes the bridge and every rule away. Throws `CONFLICT` while a container is attached. */
  remove(): Promise<void>
}

export interface NetworksOptions {
  /** `$STRAKE_RUN`. Every directory has a bridge of its own, because addresses are given out per store. */
  readonly run: string
  readonly bridge?: {
    /** At most 15 characters. `strake0` for /run/strake, and derived from the directory elsewhere. */
    readonly name?: string
    /** `10.89.0.0/16`; the first of several that meets no route of the host without it. */
    readonly subnet?: string
  }
}

/** Opens the networks; nothing is made before a container needs it. */
export function openNetworks({ run, bridge: configured = {} }: NetworksOptions): Networks {
  const name = configured.name ?? defaultBridge(run)
  if (!/^[a-z][a-z0-9_]{0,14}$/.test(name)) {
    throw new StrakeError(
      'INVALID',
      `Cannot call a bridge ${JSON.stringify(name)}: not 1 to 15 of a-z, 0-9 and _`,
    )
  }
  let opened: BridgeNetwork | undefined
  // Loaded when somebody needs it: most of this folder is about bridges.
  const bridge = async (): Promise<BridgeNetwork> => {
    const { openBridgeNetwork } = await import('./bridge/bridge-network.ts')
    opened ??= openBridgeNetwork({
      directory: join(run, 'network'),
      namespaces: join(run, 'netns'),
      name,
      table: name === defaultName ? 'strake' : name,
      ...(configured.subnet === undefined ? {} : { subnet: configured.subnet }),
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
        return { kind, ports: [], resolver, [Symbol.asyncDispose]: async () => {} }
      }
      const place = await explain(options, async () =>
        (await bridge()).attach(bridgeOptions(options)),
      )
      const resolver = readContainerResolver()
      return { kind, ...place, resolver, [Symbol.asyncDispose]: () => detach(containerId) }
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
      // Asking the kernel takes rights that who never made a network may not have.
      if (!existsSync(join(run, 'network')) && !existsSync(`/sys/class/net/${name}`)) return
      const network = await bridge()
      network.remove()
    },
  }
}

const defaultName = 'strake0'

function bridgeOptions({
  containerId,
  name = '',
  allocate,
  ports = [],
  signal,
}: AttachOptions): BridgeAttachOptions {
  if (allocate === undefined) throw new TypeError('a bridge needs an address: pass allocate')
  return { containerId: requireId(containerId), name, allocate, ports, signal }
}

/** Says of what the kernel refused whom it concerned and what helps. */
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

/** Ids become file names. */
function requireId(id: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(id)) return id
  throw new StrakeError('INVALID', `Cannot use ${JSON.stringify(id)} as the id of a container`)
}

/** FNV-1a of the directory: the same in every process, and another for another directory. */
function defaultBridge(run: string): string {
  const path = resolve(run)
  if (path === '/run/strake') return defaultName
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(path)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return `strake${hash.toString(16).padStart(8, '0')}`
}
