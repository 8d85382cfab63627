import { type ProcessIdentity, startTimer, type Timer } from '#platform'
import type { NoteEvent } from '../model/container-events.ts'
import type { ContainerPaths } from '../model/context.ts'
import { stopSignalOf } from '../model/signal.ts'
import { readJson } from '../model/state.ts'
import { writeStopRequest } from '../model/stop-request.ts'
import { freshHealth, type HealthState } from '../observe/health.ts'
import type { StartedProcess } from '../process/started.ts'
import type { ProbeResult } from '../protocol/frames.ts'
import type { MonitorOrder } from '../protocol/order.ts'
import { watchHealth } from './health.ts'

export interface SuperviseHealthOptions {
  readonly order: MonitorOrder
  readonly paths: ContainerPaths
  readonly container: Pick<StartedProcess, 'signal'> & {
    readonly identity: ProcessIdentity | undefined
  }
  /** Milliseconds that the container has run already. */
  readonly age: number
  readonly note: NoteEvent
  /** Called when the container is to be started again whatever its restart policy is. */
  readonly onRestart: () => void
}

/** The health checks of one run, until they are disposed. */
export interface HealthSupervision extends Disposable {
  /** Checks now. Resolves with `undefined` when the run ends. */
  probe(): Promise<ProbeResult | undefined>
}

/** Probes the health of one run, and does what the user chose for an unhealthy container. */
export function superviseHealth(options: SuperviseHealthOptions): HealthSupervision | undefined {
  const { order, paths, container, age, note } = options
  if (order.health === undefined) return undefined
  let alarm: Timer | undefined
  const watch = watchHealth({
    order,
    health: order.health,
    path: paths.health,
    directory: paths.directory,
    run: paths.run,
    process: container.identity,
    age,
    state: readHealthState(paths),
    onStatus(status) {
      void note(`health_status: ${status}`)
      if (status === 'unhealthy') alarm ??= act(options)
    },
  })
  return {
    async probe() {
      const state = await watch.probe()
      const last = state?.Log.at(-1)
      if (state === undefined || last === undefined) return undefined
      return { status: state.Status, exitCode: last.ExitCode, output: last.Output }
    },
    [Symbol.dispose]() {
      watch[Symbol.dispose]()
      alarm?.cancel()
    },
  }
}

function readHealthState({ health }: ContainerPaths): HealthState {
  return { ...freshHealth, ...readJson(health) }
}

/** Returns the timer that kills a container which ignores its stop signal. */
function act({ order, paths, container, onRestart }: SuperviseHealthOptions): Timer | undefined {
  switch (order.healthAction ?? 'none') {
    case 'none':
      return undefined
    case 'kill':
      container.signal('SIGKILL')
      return undefined
    case 'stop':
      writeStopRequest(paths, 'user')
      break
    case 'restart':
      onRestart()
      break
  }
  container.signal(stopSignalOf(order))
  const patience = order.stopTimeout < 0 ? Number.POSITIVE_INFINITY : order.stopTimeout * 1000
  return startTimer(patience, () => container.signal('SIGKILL'))
}
