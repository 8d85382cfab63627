import { StartError } from '#runtime'
import type { ContainerContext } from '../model/context.ts'
import type { MonitorReport } from '../protocol/order.ts'
import { monitorLost, outputLost } from './session-error.ts'

/** Who watches a container, seen from the command that has it started. */
export interface MonitorHandle {
  /** Has the container of this directory, which is prepared, started. */
  start(context: ContainerContext, directory: string): Promise<void>
  signal(name: NodeJS.Signals): void
  /** The next report of this kind. Throws `StartError` when the container could not be started. */
  expect<Type extends MonitorReport['type']>(
    type: Type,
  ): Promise<Extract<MonitorReport, { type: Type }>>
  /** Lets the monitor go on without us. */
  leave(): void
  /** There will be nothing to start: a monitor that waits ends. */
  abandon(): Promise<void>
}

/**
 * Reads on to the report of this kind. Throws `StartError`, `SessionError` when the
 * output of the command can be written no more, and `INTERNAL` when there are no reports more.
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
