import {
  type ChildProcess,
  programEnvironment,
  type StdioSlot,
  selfCommand,
  spawnProcess,
} from '#platform'
import type { ContainerContext } from '../model/context.ts'
import type { MonitorCommand, MonitorReport } from '../protocol/order.ts'
import { expectReport, type MonitorHandle } from './monitor-handle.ts'

export interface SpawnMonitorOptions {
  /** Output, errors and input of a container in the foreground. */
  readonly foreground?: readonly [stdout: StdioSlot, stderr: StdioSlot, stdin: StdioSlot]
}

/**
 * Starts a monitor, which then waits to be told what to start. To be done before
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
  const send = async (command: MonitorCommand): Promise<void> => {
    await child.stdin?.write(new TextEncoder().encode(`${JSON.stringify(command)}\n`))
  }
  return {
    start: (_, directory, foreground) => send({ type: 'start', directory, foreground }),
    signal: (name) => void send({ type: 'signal', signal: name }),
    expect: (type) => expectReport(reports, type),
    leave() {
      child.unref()
    },
    async abandon() {
      await child.stdin?.end()
      child.unref()
    },
  }
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
