import { isStrakeError } from '#oci'
import { cgroupPath, forget, openRuntime } from '#runtime'
import type { NoteEvent } from '../model/container-events.ts'
import { resumeAbandoned } from '../protocol/hold.ts'
import { NameService } from '../services/name-service.ts'
import { PortService } from '../services/port-service.ts'
import { type Ended, MonitoredContainer, type MonitoredOptions } from './monitored-container.ts'
import type { CleanUpStore } from './store.ts'

export interface SuperviseOptions extends Omit<MonitoredOptions, 'note'> {
  readonly store: CleanUpStore
  /** Milliseconds that clients have for reading the last output after the container has ended. */
  readonly patience: number
}

/** Milliseconds that announced clients have to connect. One that ended meanwhile never does. */
const clientPatience = 10_000

/**
 * Watches one container from its first start, over every restart, until its clean-up is done. Throws
 * an error that makes watching impossible while the container runs: the container keeps running, and
 * the next command starts another monitor.
 */
export async function supervise(options: SuperviseOptions): Promise<void> {
  const { order, paths, store, report, patience } = options
  const note = eventNotes(store, order.id)
  const names = new NameService(order, paths)
  const ports = new PortService()
  const onWake = (): void => {
    const { state } = container
    const keep = (error: unknown): void => state.note(error)
    void names.open(state.network).catch(keep)
    void ports.update(state.network).catch(keep)
  }
  const container = new MonitoredContainer({ ...options, note, onWake })
  container.state.begin()
  if (options.adopted !== undefined) {
    const keep = (error: unknown): void => container.state.note(error)
    void resumeAbandoned(paths, container.requests.resume).catch(keep)
  }
  if (order.awaitClients > 0 && options.adopted === undefined) {
    const server = await container.listen()
    report({ type: 'listening' })
    await server.haveListeners(order.awaitClients, clientPatience)
  }
  let ending: Ended
  try {
    await using _ports = ports
    await ports.open(order.proxied)
    using _names = names
    await names.open(container.state.network)
    ending = await container.run()
  } catch (error) {
    if (container.leave(error)) throw error
    ending = await container.failed(error)
    await forget(openRuntime(order.runtime), order.id, cgroupPath(order.id, order.cgroupParent))
  }
  try {
    const { cleanUp } = await import('./cleanup.ts')
    const isRemoved = await cleanUp(order, paths, store)
    if (!isRemoved) container.state.cleaned()
  } catch (error) {
    container.state.note(error)
  } finally {
    container.unlock()
  }
  await Promise.all([
    reportEnd(container, ending, report),
    finishClients(container, ending.code, patience),
  ])
}

/** Records events of a container. An event that cannot be recorded is lost; the container keeps running. */
function eventNotes(store: CleanUpStore, id: string): NoteEvent {
  return async (action, attributes) => {
    const { containerEvent, findSubject } = await import('../model/container-events.ts')
    try {
      await store.withRecords(async (records) => {
        const subject = findSubject(records, id)
        if (subject === undefined) return
        await records.events.note(containerEvent(subject, action, attributes))
      })
    } catch (error) {
      if (!isStrakeError(error)) throw error
    }
  }
}

async function reportEnd(
  container: MonitoredContainer,
  { code, oomKilled, failure }: Ended,
  report: MonitoredOptions['report'],
): Promise<void> {
  await container.end()
  if (failure === undefined) report({ type: 'exited', code, oomKilled })
  else report({ type: 'failed', exitCode: code, message: failure })
}

/** Does nothing if the server could not be started. */
async function finishClients(
  container: MonitoredContainer,
  code: number,
  patience: number,
): Promise<void> {
  const server = await container.listen().catch(() => undefined)
  await server?.finish({ code, patience })
}
