import { basename } from 'node:path'
import { becomeSubreaper } from '#platform'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import { openedStore } from '../monitor/store.ts'
import type { SuperviseOptions } from '../monitor/supervise.ts'
import { type MonitorReport, readOrder } from '../protocol/order.ts'
import { handOver } from './monitor-client.ts'
import { expectReport, type MonitorHandle } from './monitor-handle.ts'

/**
 * Makes this process the monitor of a container, which saves the start of another program.
 * It is for a command that stays until the container ends and is removed. If this process
 * leaves the container or is killed, another monitor takes over the container: at once, or with the next
 * command.
 */
export function becomeMonitor(
  own: Pick<ContainerContext, 'monitorCommand'>,
  streams: SuperviseOptions['streams'],
): MonitorHandle {
  let channel: ReadableStreamDefaultController<MonitorReport> | undefined
  const reports = new ReadableStream<MonitorReport>({
    start(controller) {
      channel = controller
    },
  }).values()
  let send: (name: NodeJS.Signals) => void = () => {}
  let running: string | undefined
  return {
    async start(context, directory) {
      becomeSubreaper()
      const order = readOrder(`${directory}/order.json`)
      const { supervise } = await import('../monitor/supervise.ts')
      const watching = supervise({
        order,
        streams,
        store: openedStore(context),
        report(one) {
          if (one.type === 'started') running = directory
          if (one.type === 'exited' || one.type === 'failed') running = undefined
          channel?.enqueue(one)
        },
        paths: containerPaths(order, basename(directory)),
        patience: 2000,
        onSignal(sender) {
          send = sender
        },
      })
      watching.then(
        () => channel?.close(),
        (error) => channel?.error(error),
      )
    },
    signal: (name) => send(name),
    expect: (type) => expectReport(reports, type),
    leave() {
      if (running !== undefined) handOver(own, running)
      running = undefined
    },
    async abandon() {},
  }
}
