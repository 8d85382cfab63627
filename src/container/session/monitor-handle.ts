import { StartError } from '#runtime'
import type { ContainerContext } from '../model/context.ts'
import type { MonitorReport } from '../protocol/order.ts'
import { monitorLost, outputLost } from './session-error.ts'

/** The monitor of a container, as the command that starts the container sees it. */
export interface MonitorHandle {
  /** Orders the monitor to start the prepared container of this directory. */
  start(context: ContainerContext, directory: string): Promise<void>
  signal(name: NodeJS.Signals): void
  /**
   * Returns the next report of this kind. Throws `StartError` when the container could
   * not be started.
   */
  expect<Type extends MonitorReport['type']>(
    type: Type,
  ): Promise<Extract<MonitorReport, { type: Type }>>
  /** Keeps the container running when this process ends. */
  leave(): void
  /** Ends a monitor that waits: there is no container to start. */
  abandon(): Promise<void>
}

/**
 * Reads reports until one of this kind. Throws `StartError`, `SessionError` when this process
 * cannot write what the container prints, and `INTERNAL` when the reports end.
 */
export async function expectReport<Type extends MonitorReport['type']>(
  reports: AsyncIterator<MonitorReport, undefined>,
  type: Type,
): Promise<Extract<MonitorReport, { type: Type }>> {
  for (;;) {
    const { value: report } = await reports.next()
    if (report === undefined) throw monitorLost()
    if (report.type === 'output-lost') throw outputLost(report.stream, report.code)
    if (report.type === 'failed') throw StartError.from(report.exitCode, report.message)
    if (isOfType(report, type)) return report
  }
}

function isOfType<Type extends MonitorReport['type']>(
  report: MonitorReport,
  type: Type,
): report is Extract<MonitorReport, { type: Type }> {
  return report.type === type
}
