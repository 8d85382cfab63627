import { StrakeError } from '#oci'
import {
  type ChildProcess,
  programEnvironment,
  type StdioSlot,
  selfCommand,
  spawnProcess,
} from '#platform'
import { StartError } from '#runtime'
import type { ContainerContext } from '../context.ts'
import type { MonitorCommand, MonitorReport } from '../monitor/order.ts'

/** The monitor of a container, seen from the program that started it. */
export interface MonitorHandle {
  send(command: MonitorCommand): Promise<void>
  /** The next report of this kind. Throws `StartError` when the container could not be started. */
  expect<Type extends MonitorReport['type']>(
    type: Type,
  ): Promise<Extract<MonitorReport, { type: Type }>>
  /** Lets the monitor go on without us. */
  leave(): void
  /** There will be nothing to start: a monitor that waits ends. */
  abandon(): Promise<void>
}

export interface SpawnMonitorOptions {
  /** Output, errors and input of a container in the foreground. */
  readonly foreground?: readonly [stdout: StdioSlot, stderr: StdioSlot, stdin: StdioSlot]
}

/**
 * Starts a monitor, which then waits for the command `start`. To be done before
 * anything else: it gets ready while the container is prepared.
 */
export function spawnMonitor(
  context: Pick<ContainerContext, 'monitorCommand'>,
  options: SpawnMonitorOptions = {},
): MonitorHandle {
  const command = context.monitorCommand ?? selfCommand()
  const child = spawnProcess([...command, '__monitor'], {
    stdio: ['pipe', 'pipe', 'ignore', ...(options.foreground ?? [])],
    env: programEnvironment,
    cwd: '/',
  })
  const reports = readReports(child)
  return {
    async send(command) {
      await child.stdin?.write(new TextEncoder().encode(`${JSON.stringify(command)}\n`))
    },
    async expect(type) {
      for (;;) {
        const { value: report } = await reports.next()
        if (report === undefined) throw lost()
        if (report.type === 'failed') throw StartError.from(report.exitCode, report.message)
        if (isOfType(report, type)) return report
      }
    },
    leave() {
      child.unref()
    },
    async abandon() {
      await child.stdin?.end()
      child.unref()
    },
  }
}

function isOfType<Type extends MonitorReport['type']>(
  report: MonitorReport,
  type: Type,
): report is Extract<MonitorReport, { type: Type }> {
  return report.type === type
}

async function* readReports(child: ChildProcess): AsyncGenerator<MonitorReport, undefined> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of child.stdout ?? []) {
    text += decoder.decode(chunk, { stream: true })
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    for (const line of lines) yield JSON.parse(line)
  }
  return undefined
}

function lost(): StrakeError {
  return new StrakeError('INTERNAL', 'Cannot follow the container: its monitor has ended', {
    remedy: 'look at it with strake inspect, and start it again with strake start',
  })
}
