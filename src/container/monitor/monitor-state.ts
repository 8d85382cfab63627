import { isAlive, ownIdentity } from '#platform'
import type { ContainerPaths } from '../model/context.ts'
import { isFullDisk, writeWithReserve } from '../model/reserve.ts'
import {
  type ContainerState,
  type NetworkState,
  readJson,
  readState,
  writeState,
} from '../model/state.ts'

/** The state of a container, which its monitor writes to `state.json`. */
export class MonitorState {
  readonly #paths: ContainerPaths
  #current: ContainerState

  constructor(paths: ContainerPaths) {
    this.#paths = paths
    this.#current = readState(paths)
  }

  /** False until the first run of the container. */
  get hasStarted(): boolean {
    return this.#current.startedAt !== ''
  }

  /** Whether the container has been recorded as running and its first process lives. */
  get isAlive(): boolean {
    const { status, process } = this.#current
    return status === 'running' && process !== undefined && isAlive(process)
  }

  /** ISO 8601: the start of the current run. */
  get startedAt(): string {
    return this.#current.startedAt
  }

  get restarts(): number {
    return this.#current.restartCount
  }

  get network(): NetworkState | undefined {
    return this.#current.network
  }

  /** Records an error that does not end the container. */
  note(error: unknown): void {
    this.write({ error: error instanceof Error ? error.message : String(error) })
  }

  /** Records this process as the monitor before anything has to be cleaned up. */
  begin(): void {
    this.write({ monitor: ownIdentity() })
  }

  /** Records that the root file system is unmounted and that the monitor has no more work. */
  cleaned(): void {
    const { root, monitor, ...state } = this.#current
    this.#current = state
    this.write({})
  }

  /** Takes over networks that another process has changed, and writes the state again. */
  refresh(): void {
    const network: Partial<NetworkState> | undefined = readJson(this.#paths.networks)
    const { networks, ports } = network ?? {}
    if (Array.isArray(networks) && Array.isArray(ports)) {
      this.write({ network: { ...network, networks, ports } })
    } else this.write({})
  }

  /** If it throws, the state in memory stays unchanged, so that an unrecorded start does not count. */
  write(change: Partial<ContainerState>): void {
    const changed = { ...this.#current, ...change }
    const { process, pipes, holder, isDeaf, ...ended } = changed
    const isEnded = change.status === 'exited' || change.status === 'restarting'
    const next = isEnded ? ended : changed
    const { state, reserve } = this.#paths
    try {
      writeWithReserve(reserve, () => writeState(state, next))
    } catch (error) {
      // A full disk must not end the container. The next change is written with this one.
      if (!isFullDisk(error)) throw error
    }
    this.#current = next
  }
}
