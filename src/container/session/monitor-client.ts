import { type ChildProcess, programEnvironment, selfCommand, spawnProcess } from '#platform'
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
  const command = context.monitorCommand ?? selfCommand()
  const { stdin, stdout, stderr } = descriptors
  const given = Object.entries({ stdin, stdout, stderr }).flatMap(([name, fd]) =>
    fd === undefined ? [] : [{ name, fd }],
  )
  const child = spawnProcess([...command, '__monitor'], {
    stdio: ['pipe', 'pipe', 'ignore', ...given.map(({ fd }) => fd)],
    env: programEnvironment,
    cwd: '/',
  })
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
