import { basename } from 'node:path'
import { becomeSubreaper } from '#platform'
import { containerPaths } from '../model/context.ts'
import { openedStore } from '../monitor/store.ts'
import type { SuperviseOptions } from '../monitor/supervise.ts'
import { type MonitorReport, readOrder } from '../protocol/order.ts'
import { expectReport, type MonitorHandle } from './monitor-handle.ts'

/**
 * Makes this process the monitor of a container, which saves the start of another program.
 * It is for a command that stays until the container ends and is removed. If this process
 * is killed, the container runs without a monitor, and after its end the next command that
 * lists or removes containers cleans up.
 */
export function becomeMonitor(streams: SuperviseOptions['streams']): MonitorHandle {
  let channel: ReadableStreamDefaultController<MonitorReport> | undefined
  const reports = new ReadableStream<MonitorReport>({
    start(controller) {
      channel = controller
    },
  }).values()
  let send: (name: NodeJS.Signals) => void = () => {}
  let leave = (): void => {}
  return {
    async start(context, directory) {
      becomeSubreaper()
      const order = readOrder(`${directory}/order.json`)
      const { supervise } = await import('../monitor/supervise.ts')
      const watching = supervise({
        order,
        streams,
        store: openedStore(context),
        report: (one) => channel?.enqueue(one),
        paths: containerPaths(order, basename(directory)),
        patience: 2000,
        onSignal(sender) {
          send = sender
        },
        onLeave(leaver) {
          leave = leaver
        },
      })
      watching.then(
        () => channel?.close(),
        (error) => channel?.error(error),
      )
    },
    signal: (name) => send(name),
    expect: (type) => expectReport(reports, type),
    leave: () => leave(),
    async abandon() {},
  }
}
