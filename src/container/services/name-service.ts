import { nameServerAddress } from '#network/user-network'
import { fs, isSystemError, readPlainFile } from '#platform'
import type { ContainerPaths } from '../model/context.ts'
import type { NetworkState } from '../model/state.ts'
import type { MonitorOrder } from '../protocol/order.ts'

/** The name server of a container, which it has from its first network that a user made. */
export class NameService implements Disposable {
  readonly #order: MonitorOrder
  readonly #paths: ContainerPaths
  #server: Promise<Disposable> | undefined
  #isOver = false

  constructor(order: MonitorOrder, paths: ContainerPaths) {
    this.#order = order
    this.#paths = paths
  }

  /** Opens the server if the container needs one now and has none. */
  async open(network: NetworkState | undefined): Promise<void> {
    const isNamed = network?.networks.some(({ id }) => id !== undefined) ?? false
    if (!isNamed || this.#isOver || this.#server !== undefined) return
    this.#server = this.#serve()
    await this.#server
  }

  /** Imports the code only for a container that needs it. */
  async #serve(): Promise<Disposable> {
    const { id, run, nameServers } = this.#order
    const { openNameServer } = await import('#network/dns/server')
    const places = { directory: `${run}/network`, namespace: `${run}/netns/${id}` }
    const server = await openNameServer({ containerId: id, ...places, servers: nameServers })
    this.#useServer()
    return server
  }

  /** Names the server in the container's resolv.conf. The file stays the same, because it is mounted. */
  #useServer(): void {
    const path = `${this.#paths.directory}/resolv.conf`
    try {
      const lines = (readPlainFile(path) ?? '').split('\n')
      const own = `nameserver ${nameServerAddress}`
      if (lines.includes(own)) return
      const others = lines.filter((line) => line !== '' && !line.startsWith('nameserver '))
      fs().writeFileSync(path, [own, ...others, ''].join('\n'), { flag: 'r+' })
    } catch (error) {
      // The user has mounted another file, so there is none of ours.
      if (!isSystemError(error, 'ENOENT')) throw error
    }
  }

  [Symbol.dispose](): void {
    this.#isOver = true
    void this.#server?.then((server) => server[Symbol.dispose]())
  }
}
