import {
  type ChildProcess,
  programEnvironment,
  type StdioSlot,
  selfCommand,
  spawnProcess,
  waitingEnvironment,
} from '#platform'
import type { ContainerContext } from '../model/context.ts'
import type { ForegroundDescriptors, MonitorCommand, MonitorReport } from '../protocol/order.ts'
import { expectReport, type MonitorHandle } from './monitor-handle.ts'

/** The first descriptor of a monitor after standard input, output and error. */
const firstOwn = 3

/**
 * Starts a monitor, which waits for a command to start a container. Called before
 * anything else, so that the monitor gets ready while the container is prepared.
 *
 * @param descriptors descriptors of this process that the monitor reads and writes as the
 * streams of a user
 */
export function spawnMonitor(
  context: Pick<ContainerContext, 'monitorCommand'>,
  descriptors: ForegroundDescriptors = {},
): MonitorHandle {
  const { stdin, stdout, stderr } = descriptors
  const given = Object.entries({ stdin, stdout, stderr }).flatMap(([name, fd]) =>
    fd === undefined ? [] : [{ name, fd }],
  )
  const slots = given.map(({ fd }) => fd)
  const child = spawnMonitorProcess(context, [], ['pipe', 'pipe', 'ignore', ...slots])
  const streams = Object.fromEntries(given.map(({ name }, index) => [name, firstOwn + index]))
  const reports = readReports(child)
  const send = async (command: MonitorCommand): Promise<void> => {
    await child.stdin?.write(new TextEncoder().encode(`${JSON.stringify(command)}\n`))
  }
  return {
    start: (_, directory) => send({ type: 'start', directory, streams }),
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

/**
 * Starts a monitor that takes over a running container whose monitor has ended, or ends now. Resolves
 * when it watches the container, or when it has found that it need not.
 */
export async function spawnAdopter(
  context: Pick<ContainerContext, 'monitorCommand'>,
  directory: string,
): Promise<void> {
  const child = spawnMonitorProcess(context, [directory], ['ignore', 'pipe', 'ignore'])
  await readReports(child).next()
  child.unref()
}

/** Like `spawnAdopter`, for the monitor of the container, which ends at once. */
export function handOver(
  context: Pick<ContainerContext, 'monitorCommand'>,
  directory: string,
): void {
  spawnMonitorProcess(context, [directory], []).unref()
}

function spawnMonitorProcess(
  context: Pick<ContainerContext, 'monitorCommand'>,
  args: readonly string[],
  stdio: readonly StdioSlot[],
): ChildProcess {
  const command = context.monitorCommand ?? selfCommand()
  return spawnProcess([...command, '__monitor', ...args], {
    stdio,
    env: { ...programEnvironment, ...waitingEnvironment },
    cwd: '/',
  })
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
