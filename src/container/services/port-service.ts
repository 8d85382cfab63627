import type { ProxiedPort } from '#network'
import type { NetworkState } from '../model/state.ts'

/** The published ports that the monitor passes on, as long as it has not been disposed. */
export class PortService implements AsyncDisposable {
  readonly #open = new Map<string, AsyncDisposable>()

  /** Serves the ports of the order, before the container starts. Throws `CONFLICT`. */
  async open(ports: readonly ProxiedPort[]): Promise<void> {
    for (const port of ports) await this.#serve(port)
  }

  /** Follows ports that were added and removed. A port that cannot be served is left out. */
  async update(network: NetworkState | undefined): Promise<void> {
    const { publishingPlace } = await import('#network/places')
    const { proxiedPorts } = await import('#network/proxy/proxied-port')
    const place = publishingPlace(network?.networks ?? [])
    const { ip, ipv6, proxiesPorts } = place ?? {}
    const wanted = proxiedPorts(network?.ports ?? [], { ip, ip6: ipv6?.ip, proxiesPorts })
    const keys = new Set(wanted.map(keyOf))
    for (const [key, proxy] of this.#open) {
      if (keys.has(key)) continue
      this.#open.delete(key)
      await proxy[Symbol.asyncDispose]()
    }
    for (const port of wanted) if (!this.#open.has(keyOf(port))) await this.#serve(port)
  }

  /** Imports the code only for a container that needs it. */
  async #serve(port: ProxiedPort): Promise<void> {
    const { openProxies } = await import('#network/proxy/open-proxies')
    this.#open.set(keyOf(port), await openProxies([port]))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#open.values()]
    this.#open.clear()
    for (const proxy of all) await proxy[Symbol.asyncDispose]()
  }
}

function keyOf({ hostIp, hostPort, protocol, target }: ProxiedPort): string {
  return `${hostIp} ${hostPort} ${protocol} ${target.ip} ${target.port}`
}
